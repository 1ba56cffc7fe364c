import { evaluate } from '../../evaluation/src/evaluate.js';
import { publishedFigures } from '../../evaluation/src/published.js';
import { reportJson } from '../../evaluation/src/report.js';
import { formatHtml } from '../../evaluation/src/report-html.js';
import { collection, firstStage, measured, queryIds } from './support/measured.js';

describe('the report', () => {
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
