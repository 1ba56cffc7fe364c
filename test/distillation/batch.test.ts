import fc from 'fast-check';
import { batches } from '../../distillation/src/batch.js';
import type { Example } from '../../distillation/src/sampler.js';
import { robertaPair } from '../../models/src/directory/manifest.js';

const template = robertaPair({ cls: 0, sep: 2 }, 1);
const text = fc.array(fc.integer({ min: 3, max: 50 }), { minLength: 1, maxLength: 60 });
const step = fc.array(fc.record({ query: text, documents: fc.array(text, { minLength: 4, maxLength: 4 }) }), {
  minLength: 1,
  maxLength: 40,
});
const example = ({ query, documents }: { query: number[]; documents: number[][] }): Example => ({
  query: Int32Array.from(query),
  documents: documents.map((document) => Int32Array.from(document)),
  positive: 0,
  scores: [],
});

test('a step is cut into batches of whole groups in their order, none above the budget but of a single group', () => {
  fc.assert(
    fc.property(step, fc.integer({ min: 12, max: 2000 }), (groups, longest) => {
      const examples = groups.map(example);
      const cut = batches(examples, template, longest);
      expect(cut.flatMap((batch) => batch.groups)).toEqual(examples);
      for (const { groups: own, ids, types, mask, pairs, sequence } of cut) {
        expect(pairs).toBe(4 * own.length);
        expect(mask).toHaveLength(pairs * sequence);
        expect(own.length === 1 || pairs * sequence <= 4096).toBe(true);
        expect(types).toHaveLength(ids.length);
        expect(mask.reduce((sum, bit) => sum + Number(bit), 0)).toBe(ids.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('a batch holds the pairs one after the other, and its mask where they end', () => {
  const [batch, ...more] = batches([example({ query: [7], documents: [[8, 9], [10]] })], template, 32);
  expect(more).toEqual([]);
  expect([...batch!.ids]).toEqual([0, 7, 2, 2, 8, 9, 2, 0, 7, 2, 2, 10, 2]);
  expect([...batch!.types]).toEqual([0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1]);
  expect([...batch!.mask].map(Number)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
});
