/** ONNX Runtime in the process that imports this: sessions, tensors, and the inputs of a batch of pairs. */
export { batchFeeds } from './feeds.js';
export { InferenceSession, Tensor, type OnnxValue } from './runtime.js';
export { SESSION_OPTIONS } from './session-options.js';
