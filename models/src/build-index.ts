/** How a model is made: graphs of ONNX operators, weights read and written, directories built, fetched and synthesized. */
export {
  WEIGHT_FILES,
  openPublished,
  type PublishedModel,
  buildModel,
  exportedFile,
  sourceGraph,
  type BuildOptions,
} from './directory/build.js';
export { writeModelDirectory, type ModelContents } from './directory/directory.js';
export { type Attention, type AttentionInputs } from './encoder/attention/attention.js';
export { alibiSlopes } from './encoder/attention/alibi.js';
export { encoderGraph, observedName, type EncoderOptions } from './encoder/encoder.js';
export { instrumentGraph } from './encoder/instrument.js';
export {
  activationsOf,
  type ActivationFacts,
  type Equalization,
  type ProductForm,
  type Quantization,
} from './encoder/quantization.js';
export { productsByActivation } from './encoder/products-by-activation.js';
export { readEncoderSettings, type EncoderSettings } from './sentence/settings.js';
export { weightShapes as specShapes, type EncoderSpec, type LayerSpec } from './encoder/spec.js';
export { WEIGHT_BITS, type WeightBits } from './encoder/products.js';
export type { WeightReader } from './encoder/weights.js';
export { fetchModel, type FetchOptions } from './fetch/fetch.js';
export type { RemoteFile } from './fetch/hub.js';
export { openSentenceEncoder, type SentenceEncoderFiles } from './sentence/open.js';
export { EPSILON, layerNames, names } from './structures/jinabert.js';
export { randomWeights } from './structures/random-weights.js';
export { shapesOf as weightShapes, specOf } from './structures/structures.js';
export { dimensions, readOnnx, toNumber } from './onnx/file.js';
export { Graph, MICROSOFT } from './onnx/graph.js';
export {
  AttributeType,
  DataType,
  decodeModel,
  encodeModel,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
} from './onnx/proto.js';
export { readTokenizer, textAlone } from './directory/tokenizer-file.js';
export { readSafetensors, writeSafetensors, type Tensor as SafetensorsEntry } from './source/safetensors.js';
export { synthesizeModel, type SynthesizeOptions } from './directory/synthesize.js';
