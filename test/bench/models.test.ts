/** @jest-environment ./test/support/environment.js */
import { floatTwin } from '../../bench/models/float-twin';
import { plainJinaBert } from '../../bench/models/plain-graph';
import { buildJinaBert } from '../../models/jinabert/graph';
import { randomWeights } from '../../models/jinabert/weights';
import { Random } from '../../models/random';
import { logits, open } from '../support/onnx';
import { forward } from '../support/oracle';

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
    const integer = buildJinaBert(a, randomWeights(a, 9), options);
    const rounded = await logits(await open(integer), batch);
    const twin = await logits(await open(floatTwin(integer)), batch);
    expect(twin).not.toEqual(rounded);
    exact().forEach((logit, i) => expect(Math.abs(twin[i] - logit)).toBeLessThan(0.1));
  });
});
