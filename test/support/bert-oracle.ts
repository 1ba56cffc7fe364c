import type { Architecture } from '@sagemaker-reranker/models';
import { attend, gelu, product } from './oracle.js';

const { sqrt, tanh } = Math;

/** A plain forward pass of a BERT cross-encoder in float64, one pair at a time, by the published weight names. */
export function bertForward(
  a: Architecture,
  read: (name: string) => ArrayLike<number>,
  ids: readonly number[],
  types: readonly number[],
): number {
  const { hidden, heads } = a;
  const width = hidden / heads;
  const linear = (x: Float64Array, name: string): Float64Array => {
    const bias = read(`${name}.bias`);
    return product(x, read(`${name}.weight`)).map((value, i) => value + bias[i]);
  };
  const norm = (x: Float64Array, name: string): Float64Array => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    const scale = read(`${name}.weight`);
    const bias = read(`${name}.bias`);
    return x.map((v, i) => ((v - mean) / sqrt(variance + 1e-12)) * scale[i] + bias[i]);
  };
  const plus = (x: Float64Array, y: Float64Array): Float64Array => x.map((v, i) => v + y[i]);
  const row = (name: string, at: number): Float64Array => {
    const table = read(`bert.embeddings.${name}_embeddings.weight`);
    return Float64Array.from({ length: hidden }, (_, i) => table[at * hidden + i]);
  };

  let rows = ids.map((id, t) =>
    norm(
      plus(plus(row('word', id), row('position', t)), row('token_type', types[t])),
      'bert.embeddings.LayerNorm',
    ),
  );
  for (let layer = 0; layer < a.layers; layer++) {
    const name = `bert.encoder.layer.${layer}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      rows.map((x) => linear(x, `${name}.attention.self.${part}`)),
    );
    const contexts = rows.map(() => new Float64Array(hidden));
    for (let h = 0; h < heads; h++) attend(q, k, v, h * width, width, 0, contexts);
    rows = rows.map((x, i) => {
      const attended = plus(linear(contexts[i], `${name}.attention.output.dense`), x);
      const y = norm(attended, `${name}.attention.output.LayerNorm`);
      const inner = linear(y, `${name}.intermediate.dense`).map(gelu);
      return norm(plus(linear(inner, `${name}.output.dense`), y), `${name}.output.LayerNorm`);
    });
  }
  return linear(linear(rows[0], 'bert.pooler.dense').map(tanh), 'classifier')[0];
}
