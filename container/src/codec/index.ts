/** Wire formats: each turns a body into the one internal request, and the outcome into its own answer. */
export type { Codec, CodecLimits, EncodedError, RerankOutcome, RerankRequest } from './codec.js';
export { decodeRow, rowsOf } from './csv.js';
export { parseObject, type Fields } from './fields.js';
export { detectFormat, FORMATS, NATIVE_ROUTES } from './formats.js';
export { jina, streamEnd, streamLine } from './jina.js';
export { jinaSagemaker, record } from './jina-sagemaker.js';
