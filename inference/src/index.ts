/** What turns texts into pairs of tokens and pairs into logits; ONNX Runtime itself stays in a process of its own. */
export { packBatch, type PairBatch } from './batch.js';
export { ensureRuntime, fetchMissingRuntime } from './ensure-runtime.js';
export { InferenceProcess, type BatchScores, type LoadedModel } from './inference-process.js';
export { LoadFailure, loadFault, ProcessCrash, ProcessGone } from './process-errors.js';
export { Pair, PairLayout, type PairCut } from './pair.js';
export { PairEncoder, type TextPair } from './pair-encoder.js';
export type { LoadMessage } from './protocol.js';
export { TextTokenizer } from './tokenizer.js';
