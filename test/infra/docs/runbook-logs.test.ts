import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RerankerClient } from '@sagemaker-reranker/client';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { REFUSED_QUERY } from '../../../cli/src/rehearse/steps/real-time.js';

const page = readFileSync(path.resolve(__dirname, '../../../docs/runbook.md'), 'utf8');
const queries = [...page.matchAll(/--query-string '([^']+)'/g)].map(([, query]) => query!);

type Line = Readonly<Record<string, unknown>>;
let lines: Line[];
beforeAll(async () => {
  const written: string[] = [];
  const local = await startLocalEndpoint({
    port: 0,
    containerEntry: path.resolve(__dirname, '../../../container/dist/main.js'),
    log: (text) => written.push(text),
  });
  const client = new RerankerClient({ endpointName: 'any', endpoint: local.url });
  await client.rerank({ query: 'a question', documents: ['one'] });
  client.close();
  for (const body of ['{"query":"ping"}', '{"query":"ping"}', 'no JSON'])
    await fetch(`${local.url}/endpoints/any/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  await local.close();
  lines = written.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text) as Line);
});

/**
 * Runs a query of CloudWatch Logs Insights over lines of JSON, whose fields it finds by itself. Only what the page uses is known.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
 */
function insights(query: string, log: readonly Line[]): Map<unknown, number> {
  const [, field, value, by] = /^filter (\w+) = "([^"]+)" \| stats count\(\) by (\w+)$/.exec(query) ?? [];
  if (field === undefined) throw new Error(`not understood: ${query}`);
  const rows = new Map<unknown, number>();
  for (const line of log.filter((each) => each[field] === value))
    rows.set(line[by!], (rows.get(line[by!]) ?? 0) + 1);
  return rows;
}

test('the query on the page is the one that the rehearsal tries', () => {
  expect(queries).toEqual([REFUSED_QUERY]);
});

test('it counts what the real container refuses, by code', () => {
  // Besides health checks of a container that starts, as the page says.
  const counts = Object.fromEntries(insights(queries[0]!, lines)) as Record<string, number>;
  expect(counts).toMatchObject({ invalid_request: 2, invalid_json: 1 });
});

test('what the page says to look for is what is written; "not reranked" is held by the tests of the function', () => {
  const named = new Set([...page.matchAll(/`"msg":"([^"]+)"`/g)].map(([, msg]) => msg));
  expect(named).toEqual(new Set(['refused', 'not reranked']));
  expect(lines.map(({ msg }) => msg)).toContain('refused');
});

test('the log holds no text of queries and documents', () => {
  expect(JSON.stringify(lines)).not.toMatch(/a question|"one"|no JSON/);
});
