import { readFileSync } from 'node:fs';
import path from 'node:path';
import { demoPassages, demoQuestions } from '../../cli/src/demo/questions.js';
import { reranker } from '../support/cli.js';

it('has one question for each passage that the published rule leaves', () => {
  const kept = demoPassages().filter((_, i) => ![1, 4, 6].includes(i % 8));
  expect(demoQuestions().map(({ passage }) => passage)).toEqual(kept.map(({ id }) => id));
  expect(demoQuestions()).toHaveLength(30);
});

it('shows five questions with both orders, counts all thirty, and says what to do next', async () => {
  const { code, stdout, stderr } = await reranker(['demo']);
  expect([code, stderr]).toEqual([0, '']);
  const shown = [...stdout.matchAll(/^\? (.*)$/gm)].map(([, question]) => question);
  expect(shown).toEqual(demoQuestions().flatMap(({ question }, i) => (i % 6 === 0 ? [question] : [])));
  expect(stdout.match(/^ *BM25 +model +BM25 \+ model$/gm)).toHaveLength(5);
  const totals = [...stdout.matchAll(/^(BM25|model|BM25 \+ model) +(\d+) of 30 +(0\.\d{3})/gm)];
  expect(totals.map(([, system]) => system)).toEqual(['BM25', 'model', 'BM25 + model']);
  // Reciprocal ranks are at least what the first places alone give.
  for (const [, , first, mrr] of totals)
    expect(Number(mrr)).toBeGreaterThanOrEqual(Number(first) / 30 - 0.001);
  expect(stdout).toContain('npx reranker local');
});

it('is what `npm run demo` runs', () => {
  const { scripts } = JSON.parse(readFileSync(path.resolve(__dirname, '../../package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts.demo).toContain('reranker.js demo');
});
