/** ONNX Runtime, for every room: nothing else imports the package. */
import './no-telemetry';

export { InferenceSession, Tensor } from 'onnxruntime-node';
export type { OnnxValue } from 'onnxruntime-node';
