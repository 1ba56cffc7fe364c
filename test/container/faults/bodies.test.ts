import type { ErrorBody, RerankResponseBody } from '../../../client/src/wire.js';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { removeModels } from '../support/model.js';
import { startContainer, stopContainers, type Answer, type ContainerProcess } from '../support/process.js';

const LIMIT = 25 * 1024 * 1024;
let container: ContainerProcess;

beforeAll(async () => {
  // The real tokenizer: what takes it long is what is tried here.
  container = await startContainer(embeddedModelDirectory(), { RERANKER_MAX_DOCUMENTS: '100000' });
});
afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const resultsOf = (answer: Answer) => (answer.json as RerankResponseBody).results;
const errorOf = (answer: Answer) => (answer.json as ErrorBody).error;
const send = (body: string | Buffer) => container.send('/invocations', { body });

/** The answer, and that pings were answered while it was on its way. */
async function withPings(sending: Promise<Answer>): Promise<Answer> {
  let answered = false;
  void sending.finally(() => (answered = true));
  while (!answered) expect((await container.ping()).status).toBe(200);
  return sending;
}

it.each(['a', ' ', '\u00e4', '.', '\u4e2d'])('scores 25 MB of the character %j', async (character) => {
  const frame = JSON.stringify({ query: 'a', documents: [''], return_documents: false });
  const count = Math.floor((LIMIT - frame.length) / Buffer.byteLength(character));
  const body = JSON.stringify({ query: 'a', documents: [character.repeat(count)], return_documents: false });
  const answer = await withPings(send(body));
  expect(answer.status).toBe(200);
  expect(resultsOf(answer)).toHaveLength(1);
});

it('refuses a query, and whole windows, of 25 MB by their tokens, not by dying', async () => {
  const text = 'a'.repeat(LIMIT - 200);
  const query = await withPings(
    send(JSON.stringify({ query: text, documents: ['a'], return_documents: false })),
  );
  expect(query.status).toBe(200);
  const windows = { query: 'a', documents: [text], return_documents: false, long_documents: 'max_passage' };
  const answer = await withPings(send(JSON.stringify(windows)));
  expect(answer.status).toBe(422);
  expect(errorOf(answer).code).toBe('too_many_tokens');
});

it('scores 100,000 empty documents, the same one once, and refuses one more', async () => {
  const documents = Array(100_000).fill('') as string[];
  const answer = await withPings(send(JSON.stringify({ query: 'a', documents })));
  expect(answer.status).toBe(200);
  expect(resultsOf(answer).map(({ index }) => index)).toEqual(documents.map((_, index) => index));
  expect(container.log.findLast(({ msg }) => msg === 'reranked')).toMatchObject({ scoredDocuments: 1 });
  const refused = await send(JSON.stringify({ query: 'a', documents: [...documents, ''] }));
  expect(errorOf(refused).code).toBe('too_many_documents');
});

it.each([
  ['a NUL byte outside of a string', '{"query":"q",\0"documents":["a"]}', 400, 'invalid_json'],
  ['a NUL byte inside of a string', '{"query":"q\0","documents":["a"]}', 400, 'invalid_json'],
  ['nothing but NUL bytes', '\0'.repeat(1_000), 400, 'invalid_json'],
  ['a byte order mark and nothing else', '\ufeff', 400, 'invalid_json'],
  ['two bodies', '{"query":"q","documents":["a"]}{}', 400, 'invalid_json'],
  ['a number for the query', '{"query":7,"documents":["a"]}', 422, 'invalid_request'],
  ['numbers for documents', '{"query":"q","documents":[1,2,3]}', 422, 'invalid_request'],
  ['a string for documents', '{"query":"q","documents":"a"}', 422, 'invalid_request'],
  ['a string for top_n', '{"query":"q","documents":["a"],"top_n":"1"}', 422, 'invalid_request'],
  ['an endless number', '{"query":"q","documents":["a"],"top_n":1e999}', 422, 'invalid_request'],
  ['deep arrays', `{"query":"q","documents":${'['.repeat(1e6)}${']'.repeat(1e6)}}`, 422, 'invalid_request'],
  ['millions of values', `{"query":"q","documents":[${'[],'.repeat(8e6)}[]]}`, 422, 'too_many_values'],
  [
    'deep objects',
    `{"query":${'{"text":'.repeat(1e5)}1${'}'.repeat(1e5)},"documents":["a"]}`,
    422,
    'invalid_request',
  ],
  ['deep arrays never closed', '['.repeat(5e6), 400, 'invalid_json'],
  ['only __proto__', '{"__proto__":{"query":"q","documents":["a"]}}', 422, 'invalid_request'],
  [
    'a document of __proto__',
    '{"query":"q","documents":[{"__proto__":{"text":"a"}}]}',
    422,
    'invalid_request',
  ],
  [
    'a constructor',
    '{"query":"q","documents":[{"constructor":{"prototype":{"text":"a"}}}]}',
    422,
    'invalid_request',
  ],
])('refuses %s', async (_, body, status, code) => {
  const answer = await send(body);
  expect({ status: answer.status, code: errorOf(answer).code }).toEqual({ status, code });
});

it('reads lone surrogates as replacement characters, and refuses bytes that are no UTF-8', async () => {
  const escaped = await send('{"query":"\\ud800","documents":["\\udfff a","\\ufffd a"],"raw_scores":true}');
  expect(escaped.status).toBe(200);
  const [first, second] = resultsOf(escaped);
  expect(first!.relevance_score).toBe(second!.relevance_score);
  const raw = Buffer.concat([
    Buffer.from('{"query":"q","documents":["'),
    Buffer.of(0xff, 0xc0, 0xed, 0xa0),
    Buffer.from('"]}'),
  ]);
  const refused = await send(raw);
  expect([refused.status, errorOf(refused).code]).toEqual([400, 'invalid_json']);
});

it('still answers, and no key has changed an object for good', async () => {
  const answer = await send('{"query":"the fox","documents":["a fox","bread"]}');
  expect(resultsOf(answer)).toHaveLength(2);
  expect(container.log.filter(({ code }) => code === 'internal_error')).toEqual([]);
});
