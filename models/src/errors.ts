/** Codes of everything that can be wrong with a model, its files or its configuration. */
export type ModelErrorCode =
  | 'unknown_variant'
  | 'model_directory_missing'
  | 'model_file_missing'
  | 'manifest_invalid'
  | 'model_invalid'
  | 'weights_invalid'
  | 'external_data_missing'
  | 'path_escapes'
  | 'opset_unsupported'
  | 'operator_unsupported'
  | 'structure_unsupported'
  | 'head_unsupported'
  | 'tokenizer_invalid'
  | 'config_invalid'
  | 'training_diverged'
  | 'training_interrupted'
  | 'teacher_failed'
  | 'disk_full'
  | 'output_exists'
  | 'run_failed'
  | 'runtime_missing'
  | 'hub_unreachable'
  | 'hub_refused'
  | 'hub_not_found'
  | 'hub_limited'
  | 'download_incomplete'
  | 'digest_mismatch';

/** A model directory, file or configuration that cannot be used: says which file, why, and what is allowed. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  constructor(
    readonly code: ModelErrorCode,
    message: string,
    /** The file or directory at fault, where there is one. */
    readonly file?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
