import { openSession, tensor, type InferenceSession, type Tensor } from '../../inference/src/runtime.js';
import { SESSION_OPTIONS } from '../../inference/src/session-options.js';

export type Batch = readonly { readonly ids: readonly number[]; readonly types?: readonly number[] }[];

/** Opens a session the way the container does. */
export function open(model: Uint8Array | string): Promise<InferenceSession> {
  return openSession(model, { ...SESSION_OPTIONS, intraOpNumThreads: 1 });
}

/** Logits of a batch, or an encoder's vectors one after the other, padded with `pad` to its longest pair or to `length`. */
export async function logits(
  session: InferenceSession,
  batch: Batch,
  pad = 1,
  length?: number,
): Promise<number[]> {
  const columns = length ?? batch.reduce((most, { ids }) => Math.max(most, ids.length), 0);
  const rows = (value: (row: Batch[number], column: number) => number): Tensor => {
    const data = batch.flatMap((row) => Array.from({ length: columns }, (_, i) => BigInt(value(row, i))));
    return tensor('int64', BigInt64Array.from(data), [batch.length, columns]);
  };
  const feeds: Record<string, Tensor> = {
    input_ids: rows((row, i) => row.ids[i] ?? pad),
    attention_mask: rows((row, i) => (i < row.ids.length ? 1 : 0)),
  };
  if (session.inputNames.includes('token_type_ids')) {
    feeds.token_type_ids = rows((row, i) => row.types?.[i] ?? 0);
  }
  const outputs = await session.run(feeds);
  const out = outputs.logits ?? outputs.embedding;
  return [...(out.data as Float32Array)];
}
