/** @jest-environment ./test/support/environment.js */
import { type Architecture, VARIANTS, parametersOf } from '@sagemaker-reranker/models';
import { alibiSlopes } from '../../../models/src/encoder/attention/alibi.js';
import { randomWeights } from '../../../models/src/structures/random-weights.js';
import { decodeModel } from '../../../models/src/onnx/proto.js';
import { Random } from '../../../models/src/common/random.js';
import { graphOf } from '../../support/graphs.js';
import { logits, open } from '../../support/onnx.js';
import { forward } from '../../support/oracle.js';

const shapes: [string, Architecture][] = [
  ['one layer, one head', { layers: 1, hidden: 8, heads: 1, intermediate: 12, vocabulary: 31 }],
  ['a power of two of heads', { layers: 2, hidden: 32, heads: 4, intermediate: 24, vocabulary: 50 }],
  ['twelve heads, as published', { layers: 3, hidden: 48, heads: 12, intermediate: 40, vocabulary: 64 }],
  ['three heads, odd sizes', { layers: 2, hidden: 21, heads: 3, intermediate: 17, vocabulary: 40 }],
  ['five heads', { layers: 4, hidden: 20, heads: 5, intermediate: 33, vocabulary: 29 }],
];
const float = { precision: 'fp32', embeddings: 'fp32' } as const;
const integer = { precision: 'int8', embeddings: 'int8' } as const;

function pair(random: Random, length: number, vocabulary: number) {
  const query = 1 + random.below(length);
  return {
    ids: Array.from({ length }, () => random.below(vocabulary)),
    types: Array.from({ length }, (_, i) => (i < query ? 0 : 1)),
  };
}

describe('the JinaBERT graph', () => {
  it.each(shapes)('equals the float64 forward pass with padding and odd lengths: %s', async (_, a) => {
    const read = randomWeights(a, 11);
    const random = new Random(3);
    const session = await open(graphOf(a, read, { ...float, tokenTypes: true }));
    const batch = [1, 5, 33, 127, 128, 129, 131].map((length) => pair(random, length, a.vocabulary));
    const found = await logits(session, batch);
    batch.forEach(({ ids, types }, i) => expect(found[i]).toBeCloseTo(forward(a, read, ids, types), 4));
  });

  it('equals it at 2,000 tokens, over many blocks', async () => {
    const a: Architecture = { layers: 2, hidden: 24, heads: 6, intermediate: 16, vocabulary: 99 };
    const read = randomWeights(a, 5);
    const one = pair(new Random(8), 2000, a.vocabulary);
    const session = await open(graphOf(a, read, { ...float, tokenTypes: true }));
    const [found] = await logits(session, [one]);
    expect(Math.abs(found - forward(a, read, one.ids, one.types))).toBeLessThan(1e-4);
  });

  it('gives every token type 0 where it takes no token types', async () => {
    const [, a] = shapes[1];
    const read = randomWeights(a, 2);
    const { ids } = pair(new Random(1), 40, a.vocabulary);
    const session = await open(graphOf(a, read, { ...float, tokenTypes: false }));
    expect(session.inputNames).toEqual(['input_ids', 'attention_mask']);
    const [found] = await logits(session, [{ ids }]);
    expect(found).toBeCloseTo(
      forward(
        a,
        read,
        ids,
        ids.map(() => 0),
      ),
      4,
    );
  });

  it.each([
    ['fp32', float],
    ['int8', integer],
  ])('scores a pair alike alone, in company and with more padding: %s', async (_, precision) => {
    const [, a] = shapes[2];
    const random = new Random(21);
    const session = await open(graphOf(a, randomWeights(a, 4), { ...precision, tokenTypes: true }));
    const batch = Array.from({ length: 32 }, () => pair(random, 2 + random.below(200), a.vocabulary));
    const together = await logits(session, batch);
    const reversed = (await logits(session, [...batch].reverse(), 1, 260)).reverse();
    for (const [i, one] of batch.entries()) {
      const [alone] = await logits(session, [one]);
      expect(Math.abs(together[i] - alone)).toBeLessThan(1e-5);
      expect(Math.abs(reversed[i] - alone)).toBeLessThan(1e-5);
    }
  });

  it('stays near the float model with integer weights and activations', async () => {
    const a: Architecture = { layers: 3, hidden: 96, heads: 6, intermediate: 128, vocabulary: 200 };
    const read = randomWeights(a, 6);
    const random = new Random(2);
    const batch = Array.from({ length: 16 }, () => pair(random, 2 + random.below(60), a.vocabulary));
    const [exact, rounded] = await Promise.all(
      [float, integer].map(async (precision) =>
        logits(await open(graphOf(a, read, { ...precision, tokenTypes: true })), batch),
      ),
    );
    const deviation = Math.sqrt(exact.reduce((sum, x) => sum + x * x, 0) / exact.length);
    exact.forEach((x, i) => expect(Math.abs(rounded[i] - x)).toBeLessThan(0.15 * deviation));
  });

  it.each(['tiny', 'turbo', 'base'] as const)('counts the published parameters of %s', (id) => {
    const { architecture, parameters } = VARIANTS[id];
    expect(parametersOf(architecture)).toBe(parameters);
  });

  it('holds exactly the weights of the structure in its initializers', () => {
    const [, a] = shapes[3];
    const { graph } = decodeModel(graphOf(a, randomWeights(a, 1), { ...float, tokenTypes: true }));
    const weights = graph.initializer.filter((tensor) => !tensor.name.includes('constant_'));
    const count = weights.reduce((sum, { dims }) => sum + dims.reduce<number>((n, d) => n * Number(d), 1), 0);
    // A key's bias changes nothing, a value's is within the bias of the attention's output.
    expect(count).toBe(parametersOf(a) - 2 * a.layers * a.hidden);
  });
});

describe('ALiBi slopes', () => {
  it('are the published ones for 12 heads', () => {
    const powers = [1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5];
    alibiSlopes(12).forEach((slope, i) => expect(slope).toBeCloseTo(2 ** -powers[i], 12));
  });
});
