/** @jest-environment ./test/support/environment.js */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { openPublished } from '../../../models/src/directory/build.js';
import { graphOf } from '../../support/graphs.js';
import { logits, open } from '../../support/onnx.js';

const fixtures = path.join(__dirname, '../../fixtures/structures');
const names = readdirSync(fixtures).filter((name) => !name.includes('.'));

interface Case {
  readonly ids: number[];
  readonly types: number[];
  readonly logit: number;
}

describe.each(names)('the graph of %s', (name) => {
  const directory = path.join(fixtures, name);
  const cases = JSON.parse(readFileSync(path.join(directory, 'cases.json'), 'utf8')) as Case[];
  const session = async (precision: 'fp32' | 'int8' | 'int8-weights') => {
    const { architecture, weights, close } = await openPublished(directory);
    const tokenTypes = cases.some(({ types }) => types.includes(1));
    const graph = graphOf(architecture, weights, { precision, tokenTypes });
    close();
    return open(graph);
  };

  it("equals transformers' logits, in a batch with padding", async () => {
    const found = await logits(await session('fp32'), cases);
    cases.forEach(({ logit }, i) => expect(Math.abs(found[i]! - logit)).toBeLessThan(1e-4));
  });

  it.each(['int8', 'int8-weights'] as const)(
    'scores a pair alike alone and in company: %s',
    async (precision) => {
      const model = await session(precision);
      const together = await logits(model, cases);
      for (const [i, one] of cases.entries()) {
        const [alone] = await logits(model, [one]);
        expect(Math.abs(together[i]! - alone!)).toBeLessThan(1e-5);
        expect(Math.abs(alone! - one.logit)).toBeLessThan(0.3);
      }
    },
  );
});
