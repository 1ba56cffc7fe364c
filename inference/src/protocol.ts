import type { ModelManifest } from '@sagemaker-reranker/models';
import type { PairBatch } from './batch.js';
import type { SessionChoices } from './session-options.js';

/** Messages to and from an inference process, over IPC with structured clone; it answers each, in their order. */

/** What an inference process is told first. */
export interface LoadMessage extends SessionChoices {
  readonly type: 'load';
  /** Path of an ONNX file. */
  readonly modelFile: string;
  readonly inputs: ModelManifest['inputs'];
  readonly output: string;
  /** Whether memory of a batch is kept for the next. Default: it is. */
  readonly arena?: boolean;
  /** Leaves out declared inputs that the file lacks, where they otherwise make it unusable. */
  readonly lenient?: boolean;
}

interface BatchMessage extends PairBatch {
  readonly type: 'batch';
}

/** Asks for the largest resident memory so far. */
interface PeakMessage {
  readonly type: 'peak';
}

export type ToProcess = LoadMessage | BatchMessage | PeakMessage;

export interface Reply {
  readonly ready: { readonly type: 'ready'; readonly loadMs: number; readonly emptyBytes: number };
  readonly load_failed: { readonly type: 'load_failed'; readonly message: string };
  /** One logit a pair, and the milliseconds the model ran. */
  readonly scored: { readonly type: 'scored'; readonly logits: Float32Array; readonly ms: number };
  readonly batch_failed: { readonly type: 'batch_failed'; readonly message: string };
  readonly peak: { readonly type: 'peak'; readonly bytes: number };
}

export type FromProcess = Reply[keyof Reply];
