import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { App, Stack } from 'aws-cdk-lib';
import type { LocalEndpoint } from '../../../container/src/local/index.js';
import { startLocalEndpoint } from '../../../container/src/local/index.js';
import { RerankerEndpoint, RerankerFunction } from '@sagemaker-reranker/infra';
import { removeModels, smallModel } from '../../container/support/model.js';
import { removeFixtures, temporaryDirectory } from '../support/fixtures.js';

const root = path.resolve(__dirname, '../../..');
let endpoint: LocalEndpoint;
let bundle: string;

beforeAll(async () => {
  endpoint = await startLocalEndpoint({
    port: 0,
    modelDirectory: await smallModel(),
    containerEntry: path.join(root, 'container/dist/main.js'),
  });
  const outdir = temporaryDirectory();
  const stack = new Stack(new App({ outdir }), 'Test');
  new RerankerFunction(stack, 'Function', {
    endpoint: RerankerEndpoint.fromEndpointName(stack, 'Endpoint', 'reranker-local'),
  });
  bundle = readdirSync(outdir)
    .map((name) => path.join(outdir, name, 'index.js'))
    .find((file) => existsSync(file))!;
});

afterAll(async () => {
  await endpoint?.close();
  removeFixtures();
  await removeModels();
});

/** Invokes the bundle in a process of its own, as Lambda does: the AWS SDK is the runtime's. */
async function invoke(event: unknown, environment: Record<string, string> = {}) {
  const script = `
    const { handler } = require(${JSON.stringify(bundle)});
    const context = { getRemainingTimeInMillis: () => 300000 };
    handler(JSON.parse(require('node:fs').readFileSync(0, 'utf8')), context).then(
      (answer) => console.log(JSON.stringify({ answer })),
      (error) => console.log(JSON.stringify({ error: { name: error.name, message: error.message } })),
    );`;
  const child = spawn(process.execPath, ['-e', script], {
    env: {
      PATH: process.env.PATH,
      NODE_PATH: path.join(root, 'node_modules'),
      RERANKER_ENDPOINT_NAME: 'reranker-local',
      RERANKER_ENDPOINT_URL: endpoint.url,
      ...environment,
    },
  });
  child.stdin.end(JSON.stringify(event));
  const [out, log] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    log,
    ...(JSON.parse(out) as { answer?: Record<string, unknown>; error?: { name: string; message: string } }),
  };
}

const http = (body: string, isBase64Encoded = false) => ({
  version: '2.0',
  requestContext: { http: { method: 'POST' } },
  body,
  isBase64Encoded,
});

const request = { query: 'the inn', documents: ['an inn on the road', { text: 'nothing' }], topN: 1 };

test('invoked directly, it answers with the ranking of the real container', async () => {
  const { answer } = await invoke(request);
  const { results, usage } = answer as {
    results: { index: number; relevanceScore: number; document: unknown }[];
    usage: { totalTokens: number };
  };
  expect(results).toHaveLength(1);
  expect(results[0]!.document).toEqual(request.documents[results[0]!.index]);
  expect(usage.totalTokens).toBeGreaterThan(8);
});

test('invoked directly with a bad event, it throws, so that Lambda retries and keeps it', async () => {
  const { error } = await invoke({ query: '', documents: ['a'] });
  expect(error).toMatchObject({ name: 'ValidationError' });
});

test('behind an HTTP API, it answers with a status, also to a body in base64', async () => {
  for (const event of [
    http(JSON.stringify(request)),
    http(Buffer.from(JSON.stringify(request)).toString('base64'), true),
  ]) {
    const { answer } = await invoke(event);
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(String(answer!.body))).toMatchObject({
      results: [{ index: expect.any(Number) as number }],
    });
  }
});

test.each([
  ['{', 400, 'invalid_json'],
  ['[]', 400, 'invalid_json'],
  ['{}', 422, 'invalid_request'],
  [JSON.stringify({ query: 'a', documents: [] }), 422, 'invalid_request'],
  [JSON.stringify({ ...request, topN: 0 }), 422, 'invalid_request'],
])('%s is refused with %d', async (body, statusCode, code) => {
  const { answer } = await invoke(http(body));
  expect(answer!.statusCode).toBe(statusCode);
  expect(JSON.parse(String(answer!.body))).toMatchObject({
    error: { code, message: expect.any(String) as string, details: {} },
  });
});

test('what lies behind it is down: 5xx, and neither answer nor log holds the text', async () => {
  const { answer, log } = await invoke(http(JSON.stringify(request)), {
    RERANKER_ENDPOINT_URL: 'http://127.0.0.1:9',
  });
  expect(answer!.statusCode).toBeGreaterThanOrEqual(500);
  expect(log).toContain('not reranked');
  expect(`${log}${String(answer!.body)}`).not.toContain('road');
});

test('for an asynchronous endpoint it hands a large request over through S3 and waits for the answer there', async () => {
  const asynchronous = await startLocalEndpoint({
    port: 0,
    hosting: 'asynchronous',
    containerEntry: path.join(root, 'container/dist/main.js'),
  });
  const documents = Array.from({ length: 300 }, (_, i) => `${i} ${'an inn on the road '.repeat(40)}`);
  const { answer, error } = await invoke(
    { ...request, documents },
    {
      RERANKER_ENDPOINT_URL: asynchronous.url,
      RERANKER_INPUT_LOCATION: 's3://exchange/input',
      AWS_ENDPOINT_URL_S3: asynchronous.url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
    },
  );
  await asynchronous.close();
  expect(error).toBeUndefined();
  expect(answer).toMatchObject({ degraded: false, results: [{ index: expect.any(Number) as number }] });
});

test('without its settings it says which is missing', async () => {
  const { error } = await invoke(request, { RERANKER_ENDPOINT_NAME: '' });
  expect(error!.message).toBe('RERANKER_ENDPOINT_NAME is not set: the endpoint to invoke');
});
