import type { Architecture } from '@sagemaker-reranker/models';

// Taken once: a look-up through the test realm's global object in the inner loops costs twenty times the arithmetic.
const { abs, exp, sqrt, tanh } = Math;

/**
 * A plain forward pass of a JinaBERT cross-encoder in float64, one pair at a time: what the emitted graphs are held against.
 * It shares no code with the builder. Names and layout of the weights are those of the published `model.safetensors`.
 */
export function forward(
  a: Architecture,
  read: (name: string) => ArrayLike<number>,
  ids: readonly number[],
  types: readonly number[],
): number {
  const { hidden, heads } = a;
  const width = hidden / heads;
  const slopes = slopesOf(heads);
  const known = new Map<string, ArrayLike<number>>();
  const weight = (name: string): ArrayLike<number> => {
    const values = known.get(name) ?? read(name);
    known.set(name, values);
    return values;
  };
  const bert = (name: string): ArrayLike<number> => weight(`bert.${name}`);
  const linear = (x: Float64Array, name: string): Float64Array => {
    const w = weight(`${name}.weight`);
    const b = weight(`${name}.bias`);
    return product(x, w).map((value, i) => value + b[i]);
  };
  const norm = (x: Float64Array, name: string): Float64Array => {
    const mean = x.reduce((sum, v) => sum + v, 0) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    const g = bert(`${name}.weight`);
    const b = bert(`${name}.bias`);
    return x.map((v, i) => ((v - mean) / sqrt(variance + 1e-12)) * g[i] + b[i]);
  };

  const words = bert('embeddings.word_embeddings.weight');
  const typeTable = bert('embeddings.token_type_embeddings.weight');
  let rows = ids.map((id, t) => {
    const sum = Float64Array.from(
      { length: hidden },
      (_, i) => words[id * hidden + i] + typeTable[types[t] * hidden + i],
    );
    return norm(sum, 'embeddings.LayerNorm');
  });
  for (let layer = 0; layer < a.layers; layer++) {
    const name = `encoder.layer.${layer}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      rows.map((x) => linear(x, `bert.${name}.attention.self.${part}`)),
    );
    const contexts = rows.map(() => new Float64Array(hidden));
    for (let h = 0; h < heads; h++) {
      attend(q, k, v, h * width, width, slopes[h], contexts);
    }
    rows = rows.map((x, i) => {
      const attended = linear(contexts[i], `bert.${name}.attention.output.dense`).map(
        (value, d) => value + x[d],
      );
      const y = norm(attended, `${name}.attention.output.LayerNorm`);
      const gated = product(y, bert(`${name}.mlp.gated_layers.weight`));
      const half = gated.length / 2;
      const inner = Float64Array.from({ length: half }, (_, d) => gelu(gated[d]) * gated[half + d]);
      return norm(
        linear(inner, `bert.${name}.mlp.wo`).map((value, d) => value + y[d]),
        `${name}.mlp.layernorm`,
      );
    });
  }
  const pooled = linear(rows[0], 'bert.pooler.dense').map(tanh);
  return linear(pooled, 'classifier')[0];
}

/** Adds one head's attention, features `at` to `at + width` of every row, to `out`. */
export function attend(
  q: Float64Array[],
  k: Float64Array[],
  v: Float64Array[],
  at: number,
  width: number,
  slope: number,
  out: Float64Array[],
): void {
  const n = q.length;
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let largest = -Infinity;
    for (let j = 0; j < n; j++) {
      let dot = 0;
      for (let d = at; d < at + width; d++) dot += q[i][d] * k[j][d];
      weights[j] = dot / sqrt(width) - slope * abs(i - j);
      if (weights[j] > largest) largest = weights[j];
    }
    let total = 0;
    for (let j = 0; j < n; j++) total += weights[j] = exp(weights[j] - largest);
    for (let j = 0; j < n; j++) {
      for (let d = at; d < at + width; d++) out[i][d] += (weights[j] / total) * v[j][d];
    }
  }
}

/** W x for W of shape [out, x.length]. */
export function product(x: Float64Array, w: ArrayLike<number>): Float64Array {
  const out = new Float64Array(w.length / x.length);
  for (let o = 0; o < out.length; o++) {
    for (let i = 0; i < x.length; i++) out[o] += w[o * x.length + i] * x[i];
  }
  return out;
}

export function gelu(x: number): number {
  return (x / 2) * (1 + erf(x / Math.SQRT2));
}

/** Error function by its Maclaurin series, or its continued fraction where that converges faster. */
function erf(x: number): number {
  const z = abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; abs(term) > 1e-17; n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - exp(-z * z) / sqrt(Math.PI) / (z + fraction));
}

/** The rule of the ALiBi paper's code, written as it is there: recursion for a head count that is no power of two. */
function slopesOf(heads: number): number[] {
  const log = Math.log2(heads);
  if (Number.isInteger(log)) {
    const start = 2 ** -(2 ** -(log - 3));
    return Array.from({ length: heads }, (_, i) => start * start ** i);
  }
  const closest = 2 ** Math.floor(log);
  const extra = slopesOf(2 * closest).filter((_, i) => i % 2 === 0);
  return [...slopesOf(closest), ...extra.slice(0, heads - closest)];
}
