import {
  type ModelFigures,
  operationsPerBatch,
  operationsPerToken,
  productForms,
} from '@sagemaker-reranker/models';

/** What operations cost in units of a multiply-add of the precision's products with weights. */
interface Costs {
  readonly attention: number;
  readonly score: number;
  readonly hidden: number;
  readonly inner: number;
  /** Once a batch: of a weight that is read, and of a layer's operators that are started. */
  readonly weight: number;
  readonly layer: number;
}

/**
 * Fitted on 2026-11-26 to CPU seconds of batches of 32 to 512 tokens, least squares of relative errors: random weights of seven
 * structures in seventeen sizes, ONNX Runtime 1.30, one thread of an AMD EPYC with AVX-512 and VNNI; half of the 136 batches within 6 %,
 * of those from 83 tokens on all within 21 %. In int8 the products are that much faster and the rest is not, and activations are
 * quantized. `npm run bench -- cost-models` holds them against other sizes.
 */
const COSTS: Readonly<Record<ModelFigures['precision'], Costs>> = {
  fp32: { attention: 0.1, score: 150, hidden: 0, inner: 110, weight: 21, layer: 3.6e6 },
  int8: { attention: 3, score: 320, hidden: 1_900, inner: 370, weight: 16, layer: 3.2e7 },
};

/** Time of a product in int8 units, by its form; measured in the same way. */
const FORMS = { int8: 1, offset: 1.13, fine: 2.4, fp32: 3.5, weights: 4.2 } as const;

/** Work of a token of a pair of `tokens` tokens, in multiply-adds of the precision's products. */
export function workPerToken({ architecture, precision, forms }: ModelFigures, tokens: number): number {
  const { products, attention, scores, hidden, inner } = operationsPerToken(architecture, tokens);
  const cost = COSTS[precision];
  const slower =
    precision === 'fp32'
      ? 1
      : [...productForms(architecture, forms)].reduce((sum, [form, part]) => sum + part * FORMS[form], 0);
  return (
    products * slower +
    attention * cost.attention +
    scores * cost.score +
    hidden * cost.hidden +
    inner * cost.inner
  );
}

/** Work of a batch beside that of its tokens, in the same unit. */
export function workPerBatch({ architecture, precision }: ModelFigures): number {
  const { weights, layers } = operationsPerBatch(architecture);
  const cost = COSTS[precision];
  return weights * cost.weight + layers * cost.layer;
}

/** Whether a measurement of one says what the other does: of the same sizes, computed the same way. */
export function sameModel(a: ModelFigures, b: ModelFigures): boolean {
  return a === b || identity(a) === identity(b);
}

const identities = new WeakMap<ModelFigures, string>();

function identity(model: ModelFigures): string {
  const known = identities.get(model);
  if (known !== undefined) return known;
  const { architecture: a, precision, forms = {}, exported } = model;
  const sizes = [
    a.structure ?? 'jinabert',
    a.layers,
    a.hidden,
    a.heads,
    a.intermediate,
    a.embedding,
    a.pooling,
  ];
  const other = Object.entries(forms).filter(([, form]) => form !== 'int8');
  const found = JSON.stringify([sizes, a.rotary, a.relative, precision, other, exported !== undefined]);
  identities.set(model, found);
  return found;
}
