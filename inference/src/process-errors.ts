import { ModelError } from '@sagemaker-reranker/models';

/** The inference process died while it held the batch; the batch itself may be innocent. */
export class ProcessCrash extends Error {
  override readonly name = 'ProcessCrash';
}

/** The inference process died before it came to this batch, which had no part in it. */
export class ProcessGone extends Error {
  override readonly name = 'ProcessGone';
}

/** The inference process could not load the model. */
export class LoadFailure extends Error {
  override readonly name = 'LoadFailure';
}

const UNKNOWN_OPERATOR = /not a registered function\/op|Could not find an implementation|No Op registered/i;

/** Why an ONNX file cannot be run: `operator_unsupported` where the runtime has no such operator, else `model_invalid`. */
export function loadFault(file: string, cause: LoadFailure): ModelError {
  const code = UNKNOWN_OPERATOR.test(cause.message) ? 'operator_unsupported' : 'model_invalid';
  return new ModelError(code, `${file} cannot be loaded: ${cause.message}`, file, { cause });
}
