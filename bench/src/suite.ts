import type { Figure } from './figure.js';

/** Takes a figure as soon as it is known. */
export type Report = (figure: Figure) => void;

/** What a user may give a benchmark. */
export interface SuiteOptions {
  /** URL of a server that speaks the `/rerank` of text-embeddings-inference. */
  readonly tei?: string;
  /** Model directory; default one that the benchmark makes. */
  readonly model?: string;
  /** Directory of sentence encoders, a folder each. */
  readonly encoders?: string;
  /** Directory of two judged collections in BEIR layout, a folder each. */
  readonly collections?: string;
  /** A Python with torch, transformers and onnxruntime, for its quantization. */
  readonly python?: string;
}

/** A benchmark that `npm run bench -- NAME` runs. */
export interface Suite {
  /** One line: what it measures and about how long it takes on 2 cores. */
  readonly summary: string;
  /** @param note a line of progress; it goes to standard error, never among the figures */
  run(report: Report, note: (line: string) => void, options: SuiteOptions): Promise<void>;
}
