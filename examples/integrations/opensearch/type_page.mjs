// Types the requests of docs/integrations.md into OpenSearch, in their order: node type_page.mjs OPENSEARCH_URL RERANKER_URL
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const [openSearch, reranker] = process.argv.slice(2);
const page = readFileSync(new URL('../../../docs/integrations.md', import.meta.url), 'utf8');
const section = /^## OpenSearch\n([^]*?)^## /m.exec(page)[1];
const requests = [...section.matchAll(/```json\n(PUT|POST) (\S+)\n([^]*?)```/g)].map(([, ...parts]) => parts);
// A connector is refused while its address is not trusted; on the page the settings for this machine come last.
const settings = requests.filter(([, path]) => path === '/_cluster/settings');
const others = requests.filter((request) => !settings.includes(request));

// The demo's passages, and what must get through: a quote, a line's end, a backslash, and no text at all.
const passages = [
  ...readFileSync(new URL('../../../cli/demo/passages.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).text),
  'Redis keeps "values" in memory,\nso that pages are quick, also in C:\\pages.',
  '',
];

async function send(method, url, body) {
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json' }, body });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${url} was answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

const texts = ({ hits }) => hits.hits.map(({ _source }) => _source.body);

/** The texts in the order in which the endpoint itself puts them for the query of the page. */
async function endpointOrder(documents) {
  const request = JSON.stringify({ query: 'in-memory cache', documents });
  const { results } = await send('POST', `${reranker}/endpoints/reranker/invocations`, request);
  return results.map(({ index }) => documents[index]);
}

for (const [index, body] of passages.entries()) {
  const passage = JSON.stringify({ body });
  await send('PUT', `${openSearch}/passages/_doc/${index}?refresh=true`, passage);
}
const ids = {};
let searches = 0;
for (const [method, path, block] of [...settings, ...others]) {
  // What differs on this machine: the endpoint's address, keys in the place of a role, and the ids that were answered.
  const here = (text) => text.replace('CONNECTOR_ID', ids.connector_id).replace('MODEL_ID', ids.model_id);
  const body = here(block)
    .replace(/https:\/\/runtime\.sagemaker\.[^/]*/, reranker)
    .replace(/\{ "roleArn": "[^"]*" \}/, '{ "access_key": "any", "secret_key": "any" }');
  const answer = await send(method, openSearch + here(path), body);
  console.log(`${method} ${here(path)}`);
  if (answer.connector_id) ids.connector_id = answer.connector_id;
  if (answer.model_id) {
    ids.model_id = answer.model_id;
    let state;
    do {
      await setTimeout(200);
      state = (await send('GET', `${openSearch}/_plugins/_ml/models/${ids.model_id}`)).model_state;
      assert.notEqual(state, 'DEPLOY_FAILED');
    } while (state !== 'DEPLOYED');
  }
  if (path.endsWith('/_predict')) {
    const scores = answer.inference_results[0].output.map(({ data }) => data[0]);
    assert.ok(scores[1] > scores[0], `Redis comes first, not ${scores.join(', ')}`);
  }
  if (path.includes('/_search?')) {
    searches += 1;
    const { query } = JSON.parse(body);
    const before = texts(await send('POST', `${openSearch}/passages/_search`, JSON.stringify({ query })));
    const after = texts(answer);
    assert.equal(after.length, 10);
    assert.deepEqual(after, await endpointOrder(before));
    assert.notDeepEqual(after, before);
    console.log(`  was ${after.map((text) => before.indexOf(text) + 1).join(', ')}`);
  }
}
assert.equal(searches, 2);
// A hit without text is answered too, and comes last.
const every = { query: { match_all: {} }, size: passages.length };
const ext = { rerank: { query_context: { query_text: 'in-memory cache' } } };
const url = `${openSearch}/passages/_search?search_pipeline=reranked`;
const all = texts(await send('POST', url, JSON.stringify({ ...every, ext })));
assert.deepEqual(all, await endpointOrder(passages));
assert.equal(all.at(-1), '');
