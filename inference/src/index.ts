/** Runs models: sessions of ONNX Runtime, the tokenizer and its pairs, verification and comparison of model directories. */
export { compareModels, kendallTau, type Comparison } from './compare.js';
export { compareWithSource } from './compare-with-source.js';
export { PairEncoder } from './pairs.js';
export { pairFeeds } from './probe/feeds.js';
export { probe } from './probe/probe.js';
export type { ProbePair, ProbeResult } from './probe/protocol.js';
export { InferenceSession, Tensor, type OnnxValue } from './runtime.js';
export { SESSION_OPTIONS } from './session-options.js';
export { verifyModel, type Check, type Verification } from './verify.js';
