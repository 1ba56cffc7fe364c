export type EvaluationErrorCode =
  | 'collection_missing'
  | 'collection_invalid'
  | 'run_invalid'
  | 'rerank_invalid'
  | 'option_invalid'
  | 'download_failed'
  | 'output_failed';

/** An evaluation that cannot be done: says what is wrong, in which file and line, and what is allowed. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  constructor(
    readonly code: EvaluationErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
