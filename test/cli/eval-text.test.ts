import { publishedFigures } from '../../evaluation/src/published.js';
import { evaluate } from '../../evaluation/src/evaluate.js';
import type { EvaluationResult, SystemResult } from '../../evaluation/src/evaluate.js';
import { evaluationText } from '../../cli/src/eval-text.js';
import { widthOf } from '../../cli/src/terminal/text.js';
import { collection, firstStage, measured } from '../evaluation/support/measured.js';

const text = (results: EvaluationResult[]) => evaluationText(results, Infinity);

describe('an evaluation in the terminal', () => {
  it('states how it was measured and what was left out', async () => {
    const lines = text([await measured()]).split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'Collection   small: 3 judged queries, 3 documents',
      'First stage  BM25: k1 0.9, b 0.4',
      'No hits      1 queries for which it finds nothing; they count as 0',
      'Reranked     top 100 of each query, 4 queries in flight',
      "Fusion       0.5 z(BM25) + 0.5 z(reranker), z-scores over a query's reranked documents",
      'In brackets  95 % interval of the difference to BM25, paired bootstrap over the queries',
      'Left out     2 malformed lines: corpus.jsonl:7: not JSON; x.run:2: score "high" is not a number',
    ]);
  });

  it('has every metric of every system under its title, and keeps published figures apart', async () => {
    const result = await measured();
    const [own, published] = text([result]).split('Published, not measured here');
    const header = own.split('\n').find((line) => line.includes('MAP'))!;
    expect(header.trim().split(/ {2,}/)).toEqual([
      'NDCG@10',
      'MAP',
      'MRR@10',
      'Recall@10',
      'P@10',
      'Hit@10',
      'ms/query',
    ]);
    expect(own).toMatch(/^ +NDCG@10 minus BM25$/m);
    for (const { name, metrics } of result.systems) {
      const row = own.split('\n').find((line) => line.startsWith(`${name}  `))!;
      const { ndcg, map, mrr, recall, precision, hitRate } = metrics;
      const cells = [ndcg, map, mrr, recall, precision, hitRate].map((value) => value.toFixed(4));
      expect(row.trim().split(/ {2,}/).slice(1, 7)).toEqual(cells);
    }
    for (const { name } of publishedFigures()) {
      expect(published).toContain(name);
      expect(own).not.toContain(name);
    }
    // The model table: BEIR 52.45, hit rate 0.8439, MRR 0.7006.
    expect(published).toMatch(/base-en.* 0\.5245 +0\.8439 +0\.7006$/m);
  });

  it('puts the compared metrics first, as RAG wants hit rate and MRR', async () => {
    const header = text([await measured('x', true)])
      .split('\n')
      .find((line) => line.includes('MAP'))!;
    expect(header.trim().split(/ {2,}/)).toEqual([
      'Hit@2',
      'MRR@2',
      'NDCG@2',
      'MAP',
      'Recall@2',
      'P@2',
      'ms/query',
    ]);
  });

  it('says in a sentence what each difference to the first stage is worth', async () => {
    const result = await measured();
    const [first, system, fused] = result.systems as [SystemResult, SystemResult, SystemResult];
    const interval = system.differences.ndcg!;
    const judged = (mean: number, low: number, high: number): EvaluationResult => ({
      ...result,
      systems: [first, { ...system, differences: { ndcg: { ...interval, mean, low, high } } }, fused],
    });
    const by = `${system.name} ranks`;
    expect(text([judged(0.02, 0.01, 0.03)])).toContain(
      `${by} better than BM25: +0.0200 NDCG@10. The 95 % interval leaves out 0, so that is hardly chance.`,
    );
    expect(text([judged(-0.02, -0.05, 0.01)])).toContain(
      `${by} worse than BM25: -0.0200 NDCG@10. The 95 % interval contains 0, so that may be chance.`,
    );
    expect(text([judged(0, 0, 0)])).toContain(`${system.name} and BM25 have the same NDCG@10.`);
  });

  it('needs no interval for a first stage alone', async () => {
    const [result] = await evaluate(collection, [firstStage], []);
    expect(text([result])).not.toContain('In brackets');
  });

  it.each([40, 80, 120])('keeps to %i columns', async (width) => {
    const result = await measured();
    for (const results of [[result], [result, { ...result, collection: 'another with a long name' }]]) {
      for (const line of evaluationText(results, width).split('\n')) {
        expect(widthOf(line)).toBeLessThanOrEqual(width);
      }
    }
  });
});
