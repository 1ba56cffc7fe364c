import type { LayerSpec, LinearSpec, NormSpec } from '../encoder/spec.js';

/** A linear layer with a bias whose two weights share a prefix. */
export function linear(prefix: string, out: number, input: number): LinearSpec {
  return { weight: `${prefix}.weight`, bias: `${prefix}.bias`, out, input };
}

export function norm(prefix: string): NormSpec {
  return { weight: `${prefix}.weight`, bias: `${prefix}.bias` };
}

/** A layer under the names that BERT gave its parts and that most later encoders kept. */
export function bertLayer(
  prefix: string,
  { hidden, intermediate }: { readonly hidden: number; readonly intermediate: number },
  suffix = '',
): LayerSpec {
  const square = (name: string): LinearSpec => linear(`${prefix}.${name}`, hidden, hidden);
  return {
    query: square(`attention.self.query${suffix}`),
    key: square(`attention.self.key${suffix}`),
    value: square(`attention.self.value${suffix}`),
    attentionOutput: square('attention.output.dense'),
    attentionNorm: norm(`${prefix}.attention.output.LayerNorm`),
    mlp: {
      inner: linear(`${prefix}.intermediate.dense`, intermediate, hidden),
      output: linear(`${prefix}.output.dense`, hidden, intermediate),
    },
    mlpNorm: norm(`${prefix}.output.LayerNorm`),
  };
}

export function layersOf(count: number, layer: (i: number) => LayerSpec): LayerSpec[] {
  return Array.from({ length: count }, (_, i) => layer(i));
}
