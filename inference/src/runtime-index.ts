/** ONNX Runtime in the process that imports this: sessions, tensors, the inputs of a batch of pairs, sentence encoders. */
export { batchFeeds } from './feeds.js';
export { openSession, tensor, type InferenceSession, type OnnxValue, type Tensor } from './runtime.js';
export { SentenceEncoder, unit, type SentenceEncoderOptions } from './sentence-encoder.js';
export { SESSION_OPTIONS } from './session-options.js';
export { encodeToFile } from './vector-file.js';
