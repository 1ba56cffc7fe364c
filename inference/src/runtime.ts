/** ONNX Runtime, for every package: nothing else imports it. */
import './no-telemetry.js';
import type * as OnnxRuntime from 'onnxruntime-node';
import { fetchedRuntime, missingRuntime } from './ensure-runtime.js';

const runtime = load();

export const { InferenceSession, Tensor } = runtime;
export type InferenceSession = OnnxRuntime.InferenceSession;
export type Tensor = OnnxRuntime.Tensor;
export type { OnnxValue } from 'onnxruntime-node';

function load(): typeof OnnxRuntime {
  try {
    return require('onnxruntime-node') as typeof OnnxRuntime;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const fetched = fetchedRuntime();
    if (fetched === undefined) throw missingRuntime();
    return require(fetched) as typeof OnnxRuntime;
  }
}
