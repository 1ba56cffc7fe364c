import { Agent } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { ErrorBody, RerankResponseBody } from '../../../client/src/wire.js';
import { ERRORS, type ErrorCode } from '@sagemaker-reranker/container';
import { removeModels, smallModel } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

const MAX_BODY = 100_000;
const MEDIA = [
  'application/json',
  'text/json',
  'application/jsonlines',
  'application/jsonl',
  'application/x-jsonlines',
  'application/x-ndjson',
  'application/ndjson',
  'text/csv',
  'application/csv',
];
let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel(), {
    RERANKER_MAX_BODY_BYTES: String(MAX_BODY),
    RERANKER_INFLIGHT_BYTES: String(3 * MAX_BODY),
    RERANKER_MAX_DOCUMENTS: '1000',
    RERANKER_QUEUE_TOKENS: '20000',
  });
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

function expectError(answer: Answer, code: ErrorCode, details: object = {}): void {
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  const { error } = answer.json as ErrorBody;
  expect(Object.keys(error)).toEqual(['code', 'message', 'details']);
  expect(error).toMatchObject({ code, details });
  expect(error.message).not.toBe('');
  expect(answer.status).toBe(ERRORS[code].status);
}

const valid = { query: 'the fox', documents: ['the fox runs', { text: 'a b c' }, 'in the den'] };

describe('POST /invocations', () => {
  it('answers in the Jina format', async () => {
    const answer = await container.rerank(valid);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { model, usage, results } = answer.json as RerankResponseBody;
    expect(model).toBe('custom-synthesized');
    expect(usage.total_tokens).toBeGreaterThan(15);
    expect(results.map(({ index }) => index).sort()).toEqual([0, 1, 2]);
    expect(results.map(({ document }) => document!.text).sort()).toEqual([
      'a b c',
      'in the den',
      'the fox runs',
    ]);
    const scores = results.map(({ relevance_score }) => relevance_score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('answers /v1/rerank the same', async () => {
    const native = await container.send('/v1/rerank', { body: JSON.stringify(valid) });
    expect(native.text).toBe((await container.rerank(valid)).text);
  });

  it('gives raw logits whose sigmoid are the scores', async () => {
    const scored = (await container.rerank(valid)).json as RerankResponseBody;
    const raw = (await container.rerank({ ...valid, raw_scores: true, return_documents: false, top_n: 2 }))
      .json as RerankResponseBody;
    expect(raw.results).toHaveLength(2);
    raw.results.forEach(({ index, relevance_score, document }, place) => {
      expect(document).toBeUndefined();
      expect(scored.results[place]).toMatchObject({
        index,
        relevance_score: expect.closeTo(1 / (1 + Math.exp(-relevance_score)), 9) as number,
      });
    });
  });

  it('takes a charset, a compressed body, and no content type at all', async () => {
    const body = JSON.stringify(valid);
    const expected = (await container.rerank(valid)).text;
    for (const type of ['application/json; charset=utf-8', 'APPLICATION/JSON ; Charset="UTF-8"']) {
      expect((await container.send('/invocations', { body, headers: { 'content-type': type } })).text).toBe(
        expected,
      );
    }
    expect((await container.send('/invocations', { body, headers: {} })).text).toBe(expected);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expect((await container.send('/invocations', { body: gzipSync(body), headers })).text).toBe(expected);
  });

  it('echoes the custom attributes and takes its request id from SageMaker', async () => {
    const attributes = 'c000b4f9-df62-4c85-a0bf-7c525f9104a4 x=1';
    const headers = {
      'content-type': 'application/json',
      'x-amzn-sagemaker-custom-attributes': attributes,
      'x-amzn-sagemaker-inference-id': 'id-42',
    };
    const answer = await container.rerank(valid, { headers });
    expect(answer.headers['x-amzn-sagemaker-custom-attributes']).toBe(attributes);
    expect(answer.headers['x-request-id']).toBe('id-42');
    const line = await container.logged('reranked', { requestId: 'id-42' });
    expect(line).toMatchObject({ format: 'jina', documents: 3, scoredDocuments: 3 });
    const refused = await container.rerank({}, { headers });
    expect(refused.headers['x-amzn-sagemaker-custom-attributes']).toBe(attributes);
    const other = await container.rerank(valid, {
      headers: { 'x-amzn-sagemaker-inference-id': 'not an id\u00e9' },
    });
    expect(other.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('scores texts no tokenizer likes', async () => {
    const documents = [
      '\u0000',
      'a\u0000b',
      '',
      '\ud800',
      '\udc00x',
      '\u202e',
      'é'.repeat(2_000),
      '\ud83d\ude00',
    ];
    const answer = await container.rerank({ query: '\ud800', documents });
    expect(answer.status).toBe(200);
    expect((answer.json as RerankResponseBody).results).toHaveLength(documents.length);
  });
});

describe('bad input', () => {
  it.each(['', 'null x', '{"query":', '{"query": "q", "documents": ["a"]', "{'query': 'q'}"])(
    'refuses %j with 400',
    async (body) => {
      expectError(await container.send('/invocations', { body }), 'invalid_json');
    },
  );

  it('refuses a body that is not what its encoding says with 400', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expectError(await container.send('/invocations', { body: 'plain', headers }), 'invalid_json');
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'application/jsonx',
    'nonsense',
  ])('refuses content type %j with 415', async (type) => {
    const answer = await container.send('/invocations', { body: '{}', headers: { 'content-type': type } });
    expectError(answer, 'unsupported_media_type', { given: type, allowed: MEDIA });
  });

  it('refuses an encoding it does not know with 415', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'zstd' };
    expectError(await container.send('/invocations', { body: '{}', headers }), 'unsupported_media_type');
  });

  it('names the field with 422', async () => {
    expectError(await container.rerank({ documents: ['a'] }), 'invalid_request', { path: 'query' });
    expectError(await container.rerank({ query: 'q', documents: ['a', 3] }), 'invalid_request', {
      path: 'documents[1]',
    });
    expectError(await container.rerank('text'), 'invalid_request', { path: '' });
  });

  it('refuses too many documents and too many tokens with 422', async () => {
    const many = { query: 'q', documents: Array(1_001).fill('') as string[] };
    expectError(await container.rerank(many), 'too_many_documents', {
      path: 'documents',
      given: 1_001,
      limit: 1_000,
    });
    const long = { query: 'q', documents: Array.from({ length: 400 }, (_, i) => `${i} ${'a '.repeat(100)}`) };
    expectError(await container.rerank(long), 'too_many_tokens', { limit: 20_000 });
  });

  it('refuses a body over the limit with 413, however it is sent', async () => {
    const body = JSON.stringify({ query: 'q', documents: ['a'.repeat(MAX_BODY)] });
    expectError(await container.send('/invocations', { body }), 'payload_too_large', {
      limit: MAX_BODY,
      given: body.length,
    });
    const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    expectError(await container.send('/invocations', { body, headers: chunked }), 'payload_too_large');
    const packed = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expectError(
      await container.send('/invocations', { body: gzipSync(body), headers: packed }),
      'payload_too_large',
    );
  });

  it('refuses bodies beyond what it may hold at once with 429, and takes the next', async () => {
    const held = Array.from({ length: 3 }, () => {
      const socket = connect(container.port(), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(`POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: ${MAX_BODY}\r\n\r\n`);
      socket.write(' '.repeat(MAX_BODY - 1));
      return socket;
    });
    let answer = await container.rerank(valid);
    // Until all they have sent is there.
    while (answer.status === 200) answer = await container.rerank(valid);
    expectError(answer, 'overloaded', { limit: 3 * MAX_BODY });
    expect(answer.headers['retry-after']).toBe('1');
    expect((await container.ping()).status).toBe(200);
    for (const socket of held) socket.destroy();
    // Until it has seen that they are gone.
    while ((await container.rerank(valid)).status === 429);
    expect((await container.rerank(valid)).status).toBe(200);
  });

  it('answers 404 and 405', async () => {
    expectError(await container.send('/nowhere'), 'not_found');
    expectError(await container.send('/ping/x', { method: 'GET' }), 'not_found');
    const get = await container.send('/invocations', { method: 'GET' });
    expectError(get, 'method_not_allowed', { allowed: ['POST'] });
    expect(get.headers.allow).toBe('POST');
    expectError(await container.send('/ping'), 'method_not_allowed', { allowed: ['GET', 'HEAD'] });
    expect((await container.send('/ping', { method: 'HEAD' })).status).toBe(200);
  });

  it('keeps a connection usable after every refusal', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const body of ['{', '{}', JSON.stringify(valid)]) {
      const { status } = await container.send('/invocations', { body, agent });
      expect(status).toBe(body.length > 2 ? 200 : body === '{' ? 400 : 422);
    }
    agent.destroy();
  });

  it('survives deep nesting and __proto__ keys', async () => {
    expectError(await container.send('/invocations', { body: '['.repeat(MAX_BODY - 1) }), 'invalid_json');
    const nested = `{"query":"q","documents":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
    expectError(await container.send('/invocations', { body: nested }), 'invalid_request', {
      path: 'documents[0]',
    });
    const polluted = '{"__proto__":{"top_n":1},"query":"q","documents":["a","b"]}';
    const answer = await container.send('/invocations', { body: polluted });
    expect((answer.json as RerankResponseBody).results).toHaveLength(2);
  });
});

describe('the log', () => {
  it('is JSON with counts and times, and never a text', async () => {
    await container.rerank({ query: 'tellnoone', documents: ['confidential', 'hush hush'] });
    await container.send('/invocations', { body: '{"query": tellnoone' });
    await container.send('/invocations', {
      body: JSON.stringify({ query: 'tellnoone', documents: [{ x: 'hush' }] }),
    });
    expect((await container.ping()).status).toBe(200);
    expect(container.stdout + container.stderr).not.toMatch(/tellnoone|confidential|hush/);
    const line = container.log.findLast(({ msg }) => msg === 'reranked')!;
    for (const key of ['ms', 'tokenizeMs', 'queueMs', 'inferenceMs', 'tokens']) {
      expect(typeof line[key]).toBe('number');
    }
    expect(
      container.log.filter(({ msg }) => msg === 'refused').every(({ code }) => code !== 'internal_error'),
    ).toBe(true);
  });
});
