/** @jest-environment ./test/support/environment.js */
import type { Architecture } from '@sagemaker-reranker/models';
import { Random } from '../../../models/src/common/random.js';
import { bertForward } from '../../support/bert-oracle.js';
import { graphOf } from '../../support/graphs.js';
import { logits, open } from '../../support/onnx.js';
import { publishedWeights } from '../../support/published.js';

const bert = (layers: number, hidden: number, heads: number, intermediate: number): Architecture => ({
  structure: 'bert',
  layers,
  hidden,
  heads,
  intermediate,
  vocabulary: 70,
  positions: 160,
});
const float = { precision: 'fp32', embeddings: 'fp32', tokenTypes: true } as const;
const integer = { precision: 'int8', embeddings: 'int8', tokenTypes: true } as const;

function setup(a: Architecture, lengths: readonly number[]) {
  const weights = publishedWeights(a, 13);
  const random = new Random(4);
  const batch = lengths.map((length) => ({
    ids: Array.from({ length }, () => random.below(a.vocabulary)),
    types: Array.from({ length }, (_, i) => (i < length / 3 ? 0 : 1)),
  }));
  return { read: (name: string) => weights.get(name)!.data, batch };
}

describe('the BERT graph', () => {
  it.each([
    ['one layer, one head', bert(1, 8, 1, 12)],
    ['twelve heads', bert(3, 48, 12, 96)],
    ['odd sizes', bert(2, 21, 3, 17)],
  ])('equals the float64 forward pass with padding, up to the last position: %s', async (_, a) => {
    const { read, batch } = setup(a, [1, 4, 33, 127, 160]);
    const found = await logits(await open(graphOf(a, read, float)), batch, 0);
    batch.forEach(({ ids, types }, i) => expect(found[i]).toBeCloseTo(bertForward(a, read, ids, types), 4));
  });

  it.each([
    ['fp32', float],
    ['int8', integer],
  ])('scores a pair alike alone, in company and with more padding: %s', async (_, options) => {
    const a = bert(2, 48, 12, 64);
    const { read, batch } = setup(a, [3, 60, 17, 128, 99, 5, 40]);
    const session = await open(graphOf(a, read, options));
    const together = await logits(session, batch, 0, 160);
    const reversed = (await logits(session, [...batch].reverse(), 0)).reverse();
    for (const [i, one] of batch.entries()) {
      const [alone] = await logits(session, [one], 0);
      expect(Math.abs(together[i] - alone)).toBeLessThan(1e-5);
      expect(Math.abs(reversed[i] - alone)).toBeLessThan(1e-5);
    }
  });

  it('in int8 stays near the exact logits', async () => {
    const a = bert(2, 48, 12, 64);
    const { read, batch } = setup(a, [20, 30, 40, 50, 60, 70]);
    const rounded = await logits(await open(graphOf(a, read, integer)), batch, 0);
    const exact = batch.map(({ ids, types }) => bertForward(a, read, ids, types));
    const deviation = Math.sqrt(exact.reduce((sum, x) => sum + x * x, 0) / exact.length);
    exact.forEach((x, i) => expect(Math.abs(rounded[i] - x)).toBeLessThan(0.15 * deviation));
    expect(rounded).not.toEqual(exact.map(Math.fround));
  });
});
