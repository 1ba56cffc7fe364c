import type { ModelDescription } from './description.js';
import { BLOCK } from './encoder/constants.js';

/**
 * Bytes a batch needs beside the loaded model. Measured on 2026-11-23 (ONNX Runtime 1.30.0, x64, one thread) as the growth of
 * the resident peak of a process that ran the ONNX file alone: tiny and turbo int8, tiny and base fp32, 128 to 4,096 padded
 * tokens. It grew by 21 to 27 KB a padded token with 384 + 1,536 features and by about 43 KB with 768 + 3,072. The bytes here
 * are chosen by hand to lie above every one of them; `npm run bench -- engine-coefficients` holds them against inference processes.
 */
const BYTES_PER_TOKEN_FEATURE = 13;
/** float32 scores of a block of query rows in every head, with the ALiBi bias beside them: from the graph, not fitted. */
const BYTES_PER_SCORE = 8;
/**
 * Four arrays of [heads, S, S] float32, which an exporter's attention holds at once: 11.1 GB were measured at 8,192 tokens
 * with 12 heads, which is three and a half of them.
 */
const EXPORTED_BYTES_PER_SCORE = 16;
const BATCH_BYTES = 2 * 1024 * 1024;

/**
 * Resident memory of an inference process before it has a model, and for each byte of the model's file. Measured on
 * 2026-11-24 (ONNX Runtime 1.30.0, x64, two threads) as `residentBytes` in the log line `model loaded`, which follows
 * `POST /models` of `SAGEMAKER_MULTI_MODEL=true node dist/container/main.js serve`, in 1e6 bytes: embedded int8 91 with a file
 * of 4, tiny int8 197 with 104, turbo int8 206 with 109, tiny fp32 235 with 132, base fp32 769 with 550; the line is chosen to lie
 * above every one. While it loads, a process held up to 82 more for a moment: less than its largest batch.
 */
const PROCESS_BYTES = 90 * 1024 * 1024;
const BYTES_PER_FILE_BYTE = 1.25;

/**
 * The process that answers HTTP, in bytes: itself, of which 96 MB were measured under load and the rest is margin, and what it
 * holds of request bodies and their texts when they reach their limit of 128 MiB.
 */
export const SERVER_BYTES = { process: 160 * 1024 * 1024, bodies: 190 * 1024 * 1024 } as const;

/** What of a model decides what a batch of it costs. */
export type BatchModel = Pick<ModelDescription, 'architecture' | 'exported'>;

/** Bytes that a batch of `rows` pairs padded to `width` tokens needs at its peak. */
export function batchBytes({ architecture, exported }: BatchModel, rows: number, width: number): number {
  const { hidden, intermediate, heads } = architecture;
  const activations = BYTES_PER_TOKEN_FEATURE * (hidden + intermediate) * rows * width;
  const scores = rows * heads * width * (exported === undefined ? Math.min(width, BLOCK) : width);
  return (
    BATCH_BYTES + activations + scores * (exported === undefined ? BYTES_PER_SCORE : EXPORTED_BYTES_PER_SCORE)
  );
}

/** Bytes of an inference process that has loaded a model and scored nothing. */
export function loadedBytes(modelFileBytes: number): number {
  return Math.round(PROCESS_BYTES + BYTES_PER_FILE_BYTE * modelFileBytes);
}
