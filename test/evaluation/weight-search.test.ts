import { evaluate } from '../../evaluation/src/evaluate.js';
import { formatHtml } from '../../evaluation/src/report-html.js';
import { topKTable } from '../../evaluation/src/report.js';

const QUERIES = Array.from({ length: 40 }, (_, i) => `q${i}`);
const ids = ['d1', 'd2', 'd3', 'd4'];
const documents = new Map(ids.map((id) => [id, { id, text: `text of ${id} <b>` }]));
const collection = {
  name: 'made',
  documents,
  queries: new Map(QUERIES.map((id) => [id, `question ${id}`])),
  qrels: new Map(QUERIES.map((id) => [id, new Map([['d2', 1]])])),
  faults: [],
};
// The first stage is a little wrong: the right document is second.
const firstStage = {
  name: 'BM25',
  run: new Map(QUERIES.map((id) => [id, ids.map((document, i) => ({ id: document, score: 10 - i }))])),
};
const scoring = (name: string, score: (id: string) => number) => ({
  name,
  rerank: (_: string, list: readonly { id: string }[]) => Promise.resolve(list.map(({ id }) => score(id))),
});

it('finds the weight of a side that is always right and of one that is always wrong', async () => {
  const right = scoring('right', (id) => (id === 'd2' ? 1 : 0));
  const wrong = scoring('wrong', (id) => Number(id.slice(1)));
  const [result] = await evaluate(collection, [firstStage], [right, wrong], { fusionWeight: 'auto' });
  const [ofRight, ofWrong] = result.systems.flatMap(({ weights }) => weights ?? []);
  // All weights from 0.5 up make the first perfect; of equals the middle one is taken.
  expect(ofRight).toEqual({ halves: [0.5, 0.5], all: 0.5 });
  expect(ofWrong!.all).toBeLessThan(0.5);
  const fused = result.systems.filter(({ kind }) => kind === 'fused');
  expect(fused.map(({ metrics }) => metrics.mrr)).toEqual([1, 0.5]);
});

it('judges no query by a weight that it helped to find', async () => {
  // One half of the queries would like weight 1, the other 0: each gets what suits the other half, or the tie between them.
  const odd = (query: string): boolean => Number(query.slice(10)) % 2 === 1;
  const reranker = {
    name: 'half',
    rerank: (query: string, list: readonly { id: string }[]) =>
      Promise.resolve(list.map(({ id }) => (odd(query) ? (id === 'd2' ? 1 : 0) : id === 'd4' ? 1 : 0))),
  };
  const [auto] = await evaluate(collection, [firstStage], [reranker], { fusionWeight: 'auto', seed: 3 });
  const { weights, perQuery } = auto.systems[2]!;
  const fixed = await Promise.all(
    weights!.halves.map((fusionWeight) => evaluate(collection, [firstStage], [reranker], { fusionWeight })),
  );
  for (const [id, metrics] of perQuery) {
    const possible = fixed.map(([{ systems }]) => systems[2]!.perQuery.get(id)!.ndcg);
    expect(possible).toContain(metrics.ndcg);
  }
});

it('tells what fewer reranked documents would give, as a run with fewer gives', async () => {
  const many = Array.from({ length: 30 }, (_, i) => `d${i + 1}`);
  const larger = { ...collection, documents: new Map(many.map((id) => [id, { id, text: id }])) };
  const first = {
    name: 'BM25',
    run: new Map(QUERIES.map((id) => [id, many.map((document, i) => ({ id: document, score: 99 - i }))])),
  };
  const reranker = scoring('by-digit', (id) => Number(id.slice(1)) % 7);
  const [result] = await evaluate(larger, [first], [reranker], { topK: 100 });
  const [few] = await evaluate(larger, [first], [reranker], { topK: 10 });
  for (const i of [1, 2]) {
    const { byTopK } = result.systems[i]!;
    // More than there are candidates is no other measurement.
    expect(byTopK.map(({ topK }) => topK)).toEqual([5, 10, 20, 100]);
    expect(byTopK[1]!.value).toBeCloseTo(few.systems[i]!.metrics.ndcg, 12);
    expect(byTopK.at(-1)!.value).toBeCloseTo(result.systems[i]!.metrics.ndcg, 12);
  }
  expect(topKTable(result)?.header).toEqual(['NDCG@10, reranking the top', '5', '10', '20', '100']);
});

it('shows the queries that changed most with their documents, and nothing of them as markup', async () => {
  const reranker = scoring('right', (id) => (id === 'd2' ? 1 : 0));
  const [result] = await evaluate(collection, [firstStage], [reranker]);
  const page = formatHtml(result, collection);
  expect(page).toContain('right: queries that changed most');
  // Five of each end for both systems, where there are so many, and what the columns mean.
  expect(page.match(/<details>/g)).toHaveLength(11);
  expect(page).toContain('<b>relevant</b> <span class="id">d2</span> text of d2 &lt;b&gt;');
  expect(page).not.toContain('of d2 <b>');
});
