/** Messages between the HTTP process and an inference process, over IPC with structured clone. */

/** What an inference process is told first. */
export interface LoadMessage {
  readonly type: 'load';
  readonly modelFile: string;
  readonly inputs: {
    readonly input_ids: string;
    readonly attention_mask: string;
    readonly token_type_ids?: string;
  };
  readonly output: string;
  /** Token id for the end of short rows. */
  readonly pad: number;
  readonly threads: number;
  /** Whether memory of a batch is kept for the next. */
  readonly arena: boolean;
}

/** Pairs of a batch, one after the other without padding. */
export interface BatchMessage {
  readonly type: 'batch';
  /** Tokens of each pair. */
  readonly lengths: Uint32Array;
  /** Token ids and token type ids of all pairs, `sum(lengths)` each. */
  readonly ids: Int32Array;
  readonly types: Uint8Array;
}

export type ToWorker = LoadMessage | BatchMessage;

export type FromWorker =
  | { readonly type: 'ready'; readonly loadMs: number }
  | { readonly type: 'load_failed'; readonly message: string }
  /** One logit a pair, and the milliseconds the model ran. */
  | { readonly type: 'scored'; readonly logits: Float32Array; readonly ms: number }
  | { readonly type: 'batch_failed'; readonly message: string };
