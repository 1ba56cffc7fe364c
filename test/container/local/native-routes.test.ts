import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { NATIVE_PATHS } from '../../../container/src/codec/index.js';
import { startLocalEndpoint, type LocalEndpoint } from '../../../container/src/local/index.js';
import { send } from './harness.js';

let local: LocalEndpoint;
beforeAll(async () => {
  local = await startLocalEndpoint({
    port: 0,
    modelDirectory: embeddedModelDirectory(),
    containerEntry: path.resolve(__dirname, '../../../container/dist/main.js'),
  });
});
afterAll(() => local?.close());

const post = (route: string, body: unknown, type = 'application/json') =>
  send(`${local.url}${route}`, { body: JSON.stringify(body), headers: { 'content-type': type } });
const query = 'in-memory cache';
const texts = ['A cat sat.', 'Redis keeps values in memory.'];

it.each([
  ['/v1/rerank', { query, documents: texts }, 'results'],
  ['/v2/rerank', { query, documents: texts }, 'meta'],
  ['/rerank', { query, texts }, '1'],
  ['/score', { text_1: query, text_2: texts }, 'data'],
  ['/v1/score', { text_1: query, text_2: texts }, 'data'],
  ['/v1/ranking', { query: { text: query }, passages: texts.map((text) => ({ text })) }, 'rankings'],
])('a client of another system is answered at its own route %s', async (route, body, field) => {
  expect(NATIVE_PATHS).toContain(route);
  const answer = await post(route, body);
  expect([answer.status, Object.keys(JSON.parse(answer.body.toString()) as object)]).toEqual([
    200,
    expect.arrayContaining([field]),
  ]);
});

it('describes itself and tells its metrics', async () => {
  const document = await send(`${local.url}/openapi.json`, { method: 'GET' });
  expect(JSON.parse(document.body.toString())).toMatchObject({ openapi: '3.1.0' });
  const metrics = await send(`${local.url}/metrics`, { method: 'GET' });
  expect(metrics.body.toString()).toContain('reranker_requests_total');
});

it('gives the refusal of a large body to a client that writes before it reads', async () => {
  const answer = await post('/v1/rerank', { query, documents: ['a'.repeat(5_000_000)] }, 'text/plain');
  expect(answer.status).toBe(415);
});
