/** @jest-environment ./test/support/environment.js */
import { tensor, type Tensor } from '../../inference/src/runtime.js';
import type { Batch } from '../../distillation/src/batch.js';
import { StepGradients } from '../../distillation/src/step-gradients.js';
import { gradientOf, graphParameters } from '../../distillation/src/student.js';
import { names } from '../../models/src/structures/jinabert.js';

const a = { layers: 1, hidden: 2, heads: 1, intermediate: 2, vocabulary: 9 };

const batch = (ids: number[], types: number[]): Batch => ({
  groups: [],
  ids: Int32Array.from(ids),
  types: Uint8Array.from(types),
  mask: new BigInt64Array(ids.length).fill(1n),
  pairs: 1,
  sequence: ids.length,
});

/** What the graph gives: every parameter's gradient the same number, and the rows of the embedded tokens. */
function outputs(value: number, embedded: number[]): Record<string, Tensor> {
  const all: Record<string, Tensor> = {};
  for (const [name, dims] of graphParameters(a)) {
    const length = dims.reduce((product, n) => product * n, 1);
    all[gradientOf(name)] = tensor('float32', new Float32Array(length).fill(value), dims);
  }
  all[gradientOf('embedded')] = tensor('float32', Float32Array.from(embedded), [embedded.length / 2, 2]);
  return all;
}

test('sums batches by their shares, and tokens by word and by type', () => {
  const gradients = new StepGradients(a);
  const [first, second] = [batch([4, 8, 4], [0, 1, 1]), batch([8, 5], [0, 0])];
  for (let step = 1; step <= 2; step++) {
    // The second time what the first left must be gone.
    gradients.reset([first, second]);
    gradients.add(first, outputs(1, [1, 2, 10, 20, 100, 200]), 0.75);
    gradients.add(second, outputs(8, [1000, 2000, 4, 8]), 0.25);
    expect(gradients.words).toEqual([4, 8, 5]);
    expect([...gradients.rows]).toEqual([75.75, 151.5, 257.5, 515, 1, 2]);
    expect([...gradients.parameters.get(names.types)!]).toEqual([251.75, 503.5, 82.5, 165]);
    for (const name of graphParameters(a).keys()) {
      expect(new Set(gradients.parameters.get(name))).toEqual(new Set([2.75]));
    }
  }
  const numbers = [...gradients.parameters.values(), gradients.rows].flatMap((values) => [...values]);
  expect(gradients.norm()).toBeCloseTo(Math.hypot(...numbers), 9);

  gradients.reset([second]);
  expect(gradients.words).toEqual([8, 5]);
  expect(gradients.norm()).toBe(0);
});
