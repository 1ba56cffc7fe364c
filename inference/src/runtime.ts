/**
 * ONNX Runtime, for every package: nothing else imports it. It is loaded at its first use, so that whatever needs none of it
 * works where it is missing.
 */
import './no-telemetry.js';
import type * as OnnxRuntime from 'onnxruntime-node';
import { ensureRuntime } from './ensure-runtime.js';

export type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-node';

let loaded: typeof OnnxRuntime | undefined;

/**
 * Opens a session on an ONNX model: a file, or its bytes.
 * @throws ModelError `runtime_missing` as `ensureRuntime`; Error with the runtime's message when it cannot load the model
 */
export async function openSession(
  model: string | Uint8Array,
  options?: OnnxRuntime.InferenceSession.SessionOptions,
): Promise<OnnxRuntime.InferenceSession> {
  const { InferenceSession } = runtime();
  return typeof model === 'string'
    ? InferenceSession.create(model, options)
    : InferenceSession.create(model, options);
}

/**
 * A tensor over `data`, which is not copied.
 * @throws ModelError `runtime_missing` as `ensureRuntime`
 */
export function tensor<T extends 'float32' | 'int64' | 'uint8'>(
  type: T,
  data: OnnxRuntime.Tensor.DataTypeMap[T],
  dims: readonly number[],
): OnnxRuntime.TypedTensor<T> {
  const { Tensor } = runtime();
  return new Tensor(type, data, dims) as OnnxRuntime.TypedTensor<T>;
}

function runtime(): typeof OnnxRuntime {
  return (loaded ??= load());
}

function load(): typeof OnnxRuntime {
  const place = ensureRuntime();
  // Where it is installed, a bundler must see the name.
  return (place === 'onnxruntime-node' ? require('onnxruntime-node') : require(place)) as typeof OnnxRuntime;
}
