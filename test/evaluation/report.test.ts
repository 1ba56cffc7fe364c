import {
  evaluate,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
} from '../../evaluation/src/evaluate.js';
import { publishedFigures } from '../../evaluation/src/published.js';
import { formatTables, reportJson } from '../../evaluation/src/report.js';
import { formatHtml } from '../../evaluation/src/report-html.js';

const ids = ['d1', 'd2', 'd3'];
const queryIds = ['q1', 'q2', 'q3'];
const collection = {
  name: 'small',
  documents: new Map(ids.map((id) => [id, { id, text: `text of ${id}` }])),
  queries: new Map(queryIds.map((id) => [id, `query ${id}`])),
  qrels: new Map([
    ['q1', new Map([['d3', 1]])],
    ['q2', new Map([['d1', 1]])],
    ['q3', new Map([['d2', 1]])],
  ]),
  faults: [{ file: 'corpus.jsonl', line: 7, reason: 'not JSON' }],
};
const ranked = ids.map((id, i) => ({ id, score: 3 - i }));
const firstStage = {
  name: 'BM25',
  description: 'k1 0.9, b 0.4',
  run: new Map([
    ['q1', ranked],
    ['q2', ranked],
  ]),
  faults: [{ file: 'x.run', line: 2, reason: 'score "high" is not a number' }],
};
const byDigit = (name: string): Reranker => ({
  name,
  rerank: async (_, documents) => documents.map(({ id }) => Number(id.slice(1))),
});
const measured = async (name = 'by-digit', rag = false): Promise<EvaluationResult> => {
  const options: EvaluateOptions = rag ? { cutoff: 2, compare: ['hitRate', 'mrr'] } : {};
  const [result] = await evaluate(collection, [firstStage], [byDigit(name)], options);
  return result;
};

describe('the report', () => {
  it('states how it was measured and what was left out', async () => {
    const lines = formatTables([await measured()]).split('\n');
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
    const [own, published] = formatTables([result]).split('Published, not measured here');
    const header = own.split('\n').find((line) => line.includes('MAP'))!;
    expect(header.trim().split(/ {2,}/)).toEqual([
      'NDCG@10',
      'MAP',
      'MRR@10',
      'Recall@10',
      'P@10',
      'Hit@10',
      'NDCG@10 minus BM25',
      'ms/query',
    ]);
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
    const header = formatTables([await measured('x', true)])
      .split('\n')
      .find((line) => line.includes('MAP'))!;
    expect(header.trim().split(/ {2,}/)).toEqual([
      'Hit@2',
      'MRR@2',
      'NDCG@2',
      'MAP',
      'Recall@2',
      'P@2',
      'Hit@2 minus BM25',
      'MRR@2 minus BM25',
      'ms/query',
    ]);
  });

  it('is one HTML page that escapes names and loads nothing', async () => {
    const html = formatHtml(await measured('<script>"x"</script>'));
    expect(html).not.toContain('<script>');
    expect(html).toContain('&lt;script&gt;&quot;x&quot;&lt;/script&gt;');
    expect(html).not.toMatch(/(src|href)=|url\(|@import/);
    const [own, published] = html.match(/<tbody>.*?<\/tbody>/g)!;
    expect(own.match(/<tr>/g)).toHaveLength(3);
    expect(published.match(/<tr>/g)).toHaveLength(publishedFigures().length);
    expect(html).toMatch(/tag measured">measured<.*On this collection/);
    expect(html).toMatch(/tag published">published<.*Not measured here/);
  });

  it('draws each difference where its value lies, and says how many queries gained and lost', async () => {
    const result = await measured();
    const html = formatHtml(result);
    // by-digit turns d1, d2, d3 round: q1 gains, q2 loses, q3 has no hits.
    expect(html).toContain('by-digit: 1 better, 1 worse');
    const svg = /<svg[^]*<\/svg>/.exec(html)![0];
    const zero = Number(/<line x1="([\d.]+)%"[^>]*stroke="var\(--soft\)"/.exec(svg)![1]);
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)%"/g)].map(([, cx]) => Number(cx));
    const means = result.systems.slice(1).map(({ differences }) => differences.ndcg!.mean);
    expect(dots).toHaveLength(2);
    dots.forEach((cx, i) => expect(Math.sign(cx - zero)).toBe(Math.sign(Number(means[i].toFixed(9)))));
  });

  it('draws no chart and needs no interval for a first stage alone', async () => {
    const [result] = await evaluate(collection, [firstStage], []);
    expect(formatHtml(result)).not.toContain('<svg');
    expect(formatTables([result])).not.toContain('In brackets');
  });

  it('survives JSON with every query in it', async () => {
    const result = await measured();
    const { evaluations, published } = JSON.parse(JSON.stringify(reportJson([result])));
    const [json] = evaluations;
    expect(json.measured).toHaveLength(3);
    expect(Object.keys(json.measured[1].per_query)).toEqual(queryIds);
    expect(json.measured[0].metrics['NDCG@10']).toBe(result.systems[0].metrics.ndcg);
    expect(json.measured[1].differences['NDCG@10']).toMatchObject({ confidence: 0.95, better: 1, worse: 1 });
    expect(json.malformed.count).toBe(2);
    expect(published.figures[0]).toEqual({
      name: expect.stringContaining('base'),
      beir_ndcg_at_10: 0.5245,
      rag_hit_rate: 0.8439,
      rag_mrr: 0.7006,
    });
  });
});
