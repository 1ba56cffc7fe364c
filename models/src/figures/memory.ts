import type { Architecture } from '../architecture.js';
import { BLOCK } from '../encoder/constants.js';

/**
 * Bytes a batch needs beside the loaded model. Measured (ONNX Runtime 1.30.0, x64, one thread) as the growth of
 * the resident peak of a process that ran the ONNX file alone: tiny and turbo int8, tiny and base fp32, 128 to 4,096 padded
 * tokens. It grew by 21 to 27 KB a padded token with 384 + 1,536 features and by about 43 KB with 768 + 3,072. The bytes here
 * are chosen by hand to lie above every one of them, and above those of the other structures (at most 0.95 of them, 2026-11-26); `npm run bench -- engine-coefficients` holds them against inference processes.
 */
const BYTES_PER_TOKEN_FEATURE = 13;
/** float32 scores of a block of query rows in every head, with the ALiBi bias beside them: from the graph, not fitted. */
const BYTES_PER_SCORE = 8;
/**
 * The same of DeBERTa: a block's scores by distance, and the products that the others are cut from, which are twice as wide, before and
 * after a cut.
 */
const DISTANCE_BYTES_PER_SCORE = 20;
/**
 * Four arrays of [heads, S, S] float32, which an exporter's attention holds at once: 11.1 GB were measured at 8,192 tokens
 * with 12 heads, which is three and a half of them.
 */
const EXPORTED_BYTES_PER_SCORE = 16;
const BATCH_BYTES = 2 * 1024 * 1024;

/**
 * Bytes of weights from which a graph's are written to a file of their own. ONNX Runtime maps such a file, packs from it what its
 * kernels want packed, and gives it back; weights inside the ONNX file it keeps besides. Measured on 2026-11-26 as what loading adds:
 * JinaBERT of 12 x 768 fp32 483 MB in place of 1,023, of 6 x 384 int8 43 MB in place of 155, its table of tokens not yet read.
 */
export const WEIGHTS_BESIDE = 64e6;

/**
 * Resident memory of an inference process before it has a model. Weights inside the ONNX file stay in memory twice where they belong to
 * products: as they are, and as ONNX Runtime packs them for its kernels. Measured on 2026-11-26 (ONNX Runtime 1.30.0, x64, two threads) as the resident set
 * of an inference process that is ready, in 1e6 bytes: JinaBERT of 12 x 768 fp32 1,078 with a file of 541, ModernBERT fp32 1,078 with
 * 540, RoBERTa fp32 859 with 436 and int8 363 with 181, DeBERTa fp32 536 with 283, JinaBERT of 4 x 384 fp32 208 with 81.
 */
const PROCESS_BYTES = 90 * 1024 * 1024;

/**
 * The process that answers HTTP, in bytes: itself, of which 96 MB were measured under load and the rest is margin, and what it
 * holds of request bodies and their texts when they reach their limit of 128 MiB.
 */
export const SERVER_BYTES = { process: 160 * 1024 * 1024, bodies: 190 * 1024 * 1024 } as const;

/** Inference processes that a container starts at most. */
export const MOST_PROCESSES = 64;

/** What of a model decides what a batch of it costs. */
export interface BatchModel {
  readonly architecture: Architecture;
  /** Present where the graph is an exporter's. */
  readonly exported?: object;
  /** Whether its weights lie in a file beside the ONNX file. */
  readonly weightsBeside?: boolean;
}

/** Bytes that a batch of `rows` pairs padded to `width` tokens needs at its peak. */
export function batchBytes({ architecture, exported }: BatchModel, rows: number, width: number): number {
  const { hidden, intermediate, heads } = architecture;
  const activations = BYTES_PER_TOKEN_FEATURE * (hidden + intermediate) * rows * width;
  const scores = rows * heads * width;
  if (exported !== undefined) return BATCH_BYTES + activations + scores * width * EXPORTED_BYTES_PER_SCORE;
  const bytes = architecture.structure === 'deberta' ? DISTANCE_BYTES_PER_SCORE : BYTES_PER_SCORE;
  return BATCH_BYTES + activations + scores * Math.min(width, BLOCK) * bytes;
}

/** Bytes of an inference process that has loaded a model of so many bytes of weights and scored nothing. */
export function loadedBytes({ architecture: a, weightsBeside }: BatchModel, weightsBytes: number): number {
  if (weightsBeside === true) return PROCESS_BYTES + weightsBytes;
  const table = 4 * a.vocabulary * (a.embedding ?? a.hidden);
  // A table of another size than float32's says nothing of the rest.
  const packed = table < weightsBytes ? weightsBytes - table : weightsBytes;
  return PROCESS_BYTES + weightsBytes + packed;
}
