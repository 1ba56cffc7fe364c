/** Wire formats: each turns a body into the one internal request, and the outcome into its own answer. */
export type { Codec, CodecLimits, EncodedError, RerankOutcome, RerankRequest } from './codec.js';
export { csvField, decodePair, decodeRow, isPairRow, rowsOf } from './csv.js';
export { CODECS, decodeBody, detectFormat, FORMATS, NATIVE_PATHS, nativeFormat } from './formats.js';
export { jina, streamEnd, streamLine } from './jina.js';
export { jinaSagemaker, record } from './jina-sagemaker.js';
export { scoreOf } from './rank.js';
export { schemaOf } from './schema.js';
export { parseObject, textOf, type Fields } from './text.js';
