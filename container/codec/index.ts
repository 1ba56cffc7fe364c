/** Wire formats: each turns a body into the one internal request, and the outcome into its own answer. */
export type { Codec, CodecLimits, EncodedError, RerankOutcome, RerankRequest } from './codec';
export { decodeRow, rowsOf } from './csv';
export { parseObject, type Fields } from './fields';
export { detectFormat, FORMATS, NATIVE_ROUTES } from './formats';
export { jina, streamEnd, streamLine } from './jina';
export { jinaSagemaker, record } from './jina-sagemaker';
