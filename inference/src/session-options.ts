import type { InferenceSession } from 'onnxruntime-node';

/** What of a session is chosen by who opens it. */
export interface SessionChoices {
  readonly threads: number;
  /** Whether threads spin for some milliseconds while they wait for work. Default: they do. */
  readonly spin?: boolean;
  /** Whether fp32 products may be computed in bfloat16, where an arm64 processor has it. Default: they may not. */
  readonly bfloat16?: boolean;
}

/** ONNX Runtime's options for every session that runs an encoder, in the container, in training and in measurements. */
export const SESSION_OPTIONS = {
  // The graphs of this project are already in the form that runs best, and of exported ones (fp32 and int8, 16 x 128
  // tokens) the larger fusions made none faster and some slower.
  graphOptimizationLevel: 'basic',
  // Attention far from the diagonal underflows; arithmetic on denormal numbers takes ten times as long.
  extra: { session: { set_denormal_as_zero: '1' } },
  // Faults come back as errors and are told with what was being done; the runtime need not print them too.
  logSeverityLevel: 4,
} as const satisfies InferenceSession.SessionOptions;

/** Those options with what a caller chooses (onnxruntime_session_options_config_keys.h). */
export function sessionOptions({
  threads,
  spin = true,
  bfloat16 = false,
}: SessionChoices): InferenceSession.SessionOptions {
  return {
    ...SESSION_OPTIONS,
    intraOpNumThreads: threads,
    extra: {
      session: { ...SESSION_OPTIONS.extra.session, intra_op: { allow_spinning: spin ? '1' : '0' } },
      mlas: { enable_gemm_fastmath_arm64_bfloat16: bfloat16 ? '1' : '0' },
    },
  };
}
