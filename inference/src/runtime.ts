/** ONNX Runtime, for every room: nothing else imports the package. */
import './no-telemetry.js';

export { InferenceSession, Tensor } from 'onnxruntime-node';
export type { OnnxValue } from 'onnxruntime-node';
