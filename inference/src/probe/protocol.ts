import type { ModelManifest } from '@sagemaker-reranker/models';

export interface ProbePair {
  readonly ids: Int32Array;
  readonly types: Uint8Array;
}

export interface ProbeBatch {
  readonly pairs: readonly ProbePair[];
  /** Pads the batch to this many tokens, if its longest pair has fewer. */
  readonly width?: number;
  /** Runs it so often; the median time counts. Default: 1. */
  readonly repeats?: number;
}

export interface ProbeRequest {
  /** Path of an ONNX file. */
  readonly model: string;
  /** Those of `inputs` that the file has are fed. */
  readonly inputs: ModelManifest['inputs'];
  readonly output: string;
  readonly pad: number;
  readonly threads: number;
  readonly batches: readonly ProbeBatch[];
}

export interface ProbeResult {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** For each batch, the logit of each pair. */
  readonly logits: readonly (readonly number[])[];
  /** Median time of each batch. */
  readonly milliseconds: readonly number[];
  /** Largest resident memory above that of the empty process, the loaded model included. */
  readonly peakBytes: number;
  /** Resident memory of that empty process; together they are what the system sees. */
  readonly emptyBytes: number;
}

export type ProbeMessage = { readonly result: ProbeResult } | { readonly fault: string };
