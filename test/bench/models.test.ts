/** @jest-environment ./test/support/environment.js */
import { floatTwin } from '../../bench/src/models/float-twin.js';
import { saturatingTwin } from '../../bench/src/models/saturating-twin.js';
import { plainJinaBert } from '../../bench/src/models/plain-graph.js';
import { graphOf } from '../support/graphs.js';
import { randomWeights } from '../../models/src/structures/random-weights.js';
import { Random } from '../../models/src/common/random.js';
import { logits, open } from '../support/onnx.js';
import { forward } from '../support/oracle.js';

const a = { layers: 2, hidden: 48, heads: 6, intermediate: 40, vocabulary: 60 };
const random = new Random(5);
const batch = [3, 40, 150].map((length) => ({
  ids: Array.from({ length }, () => random.below(a.vocabulary)),
}));

function exact(): number[] {
  const read = randomWeights(a, 9);
  return batch.map(({ ids }) =>
    forward(
      a,
      read,
      ids,
      ids.map(() => 0),
    ),
  );
}

describe('graphs that benchmarks compare with', () => {
  it('the plain graph gives the logits of the weights', async () => {
    const found = await logits(await open(plainJinaBert(a, randomWeights(a, 9))), batch);
    exact().forEach((logit, i) => expect(found[i]).toBeCloseTo(logit, 4));
  });

  it('the float twin of an int8 graph is nearer to the exact logits, and not the same', async () => {
    const options = { precision: 'int8', embeddings: 'fp32', tokenTypes: false } as const;
    const integer = graphOf(a, randomWeights(a, 9), options);
    const rounded = await logits(await open(integer), batch);
    const twin = await logits(await open(floatTwin(integer)), batch);
    expect(twin).not.toEqual(rounded);
    exact().forEach((logit, i) => expect(Math.abs(twin[i] - logit)).toBeLessThan(0.1));
  });

  it('without VNNI weights of 7 bits give the same logits, and weights of 8 bits may not', async () => {
    // Weights of one magnitude: their products add up to more than 16 bits hold wherever activations are large.
    const read = randomWeights(a, 9);
    const large = (name: string): Float32Array =>
      /encoder.*weight$/.test(name) && !/norm/i.test(name)
        ? read(name).map((x) => Math.sign(x) * 0.05)
        : read(name);
    for (const weightBits of [7, 8] as const) {
      const options = { precision: 'int8', embeddings: 'fp32', tokenTypes: false, weightBits } as const;
      const integer = graphOf(a, large, options);
      const here = await logits(await open(integer), batch);
      const there = await logits(await open(saturatingTwin(integer)), batch);
      const change = Math.max(...here.map((logit, i) => Math.abs(logit - there[i])));
      if (weightBits === 7) expect(change).toBeLessThan(1e-5);
      else expect(change).toBeGreaterThan(1e-3);
    }
  });
});
