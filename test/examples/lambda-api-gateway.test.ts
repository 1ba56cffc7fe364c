import type * as Example from '../../examples/lambda-api-gateway/handler.js';
import { startReranker } from './support.js';

let reranker: Awaited<ReturnType<typeof startReranker>>;
let handler: typeof Example.handler;

beforeAll(async () => {
  reranker = await startReranker();
  process.env.RERANKER_ENDPOINT_NAME = 'any';
  process.env.RERANKER_ENDPOINT_URL = reranker.url;
  // After the environment is set, as Lambda does.
  ({ handler } = jest.requireActual<typeof Example>('../../examples/lambda-api-gateway/handler'));
});
afterAll(() => reranker.close());

const documents = [
  { id: 'a', text: 'Parliament passes a bill and the president signs it.' },
  { id: 'b', text: 'Bread rises because yeast makes gas.' },
];
const post = async (body: string, isBase64Encoded = false) => {
  const answer = await handler({ body, isBase64Encoded });
  return { statusCode: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> };
};

it('answers the ids best first, also of a body that the gateway encoded', async () => {
  const body = JSON.stringify({ query: 'how does a bill become law', documents });
  const answer = await post(body);
  expect(answer).toMatchObject({ statusCode: 200, body: { reranked: true } });
  const results = answer.body.results as { id: string; score: number }[];
  expect(results.map((result) => result.id).sort()).toEqual(['a', 'b']);
  expect(results[0]!.score).toBeGreaterThan(results[1]!.score);
  expect(await post(Buffer.from(body).toString('base64'), true)).toEqual(answer);
});

it.each([
  ['not json', 400, 'invalid_json'],
  ['{}', 422, 'invalid_request'],
  ['{"query":"q","documents":[{"id":"a"}]}', 422, 'invalid_request'],
])('answers %s with %i', async (body, statusCode, code) => {
  expect(await post(body)).toMatchObject({ statusCode, body: { error: { code } } });
});

it("answers the search's own order when the endpoint is gone", async () => {
  await reranker.close();
  const answer = await post(JSON.stringify({ query: 'q', documents }));
  expect(answer).toEqual({
    statusCode: 200,
    body: { reranked: false, results: [{ id: 'a' }, { id: 'b' }] },
  });
});
