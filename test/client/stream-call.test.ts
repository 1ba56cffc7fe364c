import {
  HttpTransport,
  InvalidResponseError,
  ModelError,
  type RerankTransport,
  RerankerClient,
  StreamInterruptedError,
  ThrottledError,
  TimeoutError,
  ValidationError,
} from '@sagemaker-reranker/client';
import { startLocalEndpoint, type LocalEndpoint } from '../../container/src/local/index.js';
import { codecTransport, rejection } from './support/codec-transport.js';

const query = 'q';
const documents = [{ text: 'a' }, { text: 'bb' }, { text: 'ccc' }];
const ranking = (index: number, score = index / 10): string =>
  JSON.stringify({ index, relevance_score: score });
const end = (tokens = 9): string => JSON.stringify({ model: 'm', usage: { total_tokens: tokens } });

/** A transport that streams these lines, cut into pieces of so many bytes. */
function streaming(lines: string[], pieceBytes = 1e6, afterLast?: () => Promise<void>) {
  let closed = 0;
  const transport: RerankTransport = {
    ...codecTransport(() => 0),
    stream: async () => {
      async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
        const bytes = Buffer.from(lines.join('\n') + '\n');
        try {
          for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
          await afterLast?.();
        } finally {
          closed += 1;
        }
      }
      return { chunks: chunks(), requestId: 'r-1' };
    },
  };
  return { transport, closed: () => closed };
}

async function readAll<V, S>(stream: AsyncGenerator<V, S, undefined>): Promise<{ items: V[]; summary: S }> {
  const items: V[] = [];
  for (;;) {
    const next = await stream.next();
    if (next.done) return { items, summary: next.value };
    items.push(next.value);
  }
}
const failureOf = (lines: string[], afterLast?: () => Promise<void>): Promise<Error> => {
  const client = new RerankerClient({ transport: streaming(lines, 1e6, afterLast).transport });
  return rejection(readAll(client.stream({ query, documents, deadlineMs: 200 })));
};

it.each([1, 7, 1e6])(
  'gives results as they come, in pieces of %i bytes, and then the summary',
  async (piece) => {
    const { transport, closed } = streaming([ranking(2), ranking(0), '', ranking(1), end()], piece);
    const client = new RerankerClient({ transport });
    const { items, summary } = await readAll(client.stream({ query, documents }));
    expect(items.map(({ index, relevanceScore }) => [index, relevanceScore])).toEqual([
      [2, 0.2],
      [0, 0],
      [1, 0.1],
    ]);
    for (const { index, document } of items) expect(document).toBe(documents[index]);
    expect(summary).toEqual({ model: 'm', usage: { totalTokens: 9 }, requestIds: ['r-1'] });
    expect(closed()).toBe(1);
  },
);

it('leaves out what is below the threshold, and documents that are not wanted', async () => {
  const { transport } = streaming([ranking(2), ranking(0), ranking(1), end()]);
  const stream = new RerankerClient({ transport }).stream({
    query,
    documents,
    threshold: 0.1,
    returnDocuments: false,
  });
  const { items } = await readAll(stream);
  expect(items).toEqual([
    { index: 2, relevanceScore: 0.2 },
    { index: 1, relevanceScore: 0.1 },
  ]);
});

it('frees slot and stream when the loop is left', async () => {
  const { transport, closed } = streaming([ranking(0), ranking(1), ranking(2), end()], 5);
  const client = new RerankerClient({ transport, concurrency: 1 });
  for await (const { index } of client.stream({ query, documents })) {
    expect(index).toBe(0);
    break;
  }
  expect(closed()).toBe(1);
  await expect(client.rerank({ query, documents })).resolves.toBeDefined();
});

it.each([
  ['without its last line', [ranking(0)], StreamInterruptedError],
  ['as if that were all', [ranking(0), end()], StreamInterruptedError],
  ['twice', [ranking(0), ranking(0)], InvalidResponseError],
  ['index', [ranking(3)], InvalidResponseError],
  ['not JSON', ['{"index":'], InvalidResponseError],
  ['worker_crashed', ['{"error":{"code":"worker_crashed","message":"twice","details":{}}}'], ModelError],
])('fails when the stream is wrong: %s', async (message, lines, type) => {
  const error = await failureOf(lines);
  expect(error).toBeInstanceOf(type);
  expect(error.message).toContain(message);
});

it('gives up at its deadline, also in the middle', async () => {
  expect(await failureOf([ranking(0)], () => new Promise(() => undefined))).toBeInstanceOf(TimeoutError);
});

it('splits what is over the limits, with indexes and scores of the whole call', async () => {
  const bodies: { documents: string[]; raw_scores?: boolean }[] = [];
  const transport: RerankTransport = {
    ...codecTransport(() => 0),
    stream: async ({ body, accept }) => {
      expect(accept).toBe('application/jsonlines');
      const decoded = JSON.parse(Buffer.from(body).toString()) as (typeof bodies)[number];
      bodies.push(decoded);
      const lines = decoded.documents.map((text, i) => ranking(i, text.length)).reverse();
      return {
        chunks: (async function* () {
          yield Buffer.from([...lines, end(5)].join('\n'));
        })(),
      };
    },
  };
  const client = new RerankerClient({ transport, maxDocumentsPerRequest: 2 });
  const { items, summary } = await readAll(client.stream({ query, documents }));
  expect(bodies.map((body) => [body.documents.length, body.raw_scores])).toEqual([
    [2, true],
    [1, true],
  ]);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  expect(items.map(({ index, relevanceScore }) => [index, relevanceScore])).toEqual([
    [1, sigmoid(2)],
    [0, sigmoid(1)],
    [2, sigmoid(3)],
  ]);
  expect(summary.usage.totalTokens).toBe(10);
});

it('is tried again until it is open', async () => {
  const { transport } = streaming([ranking(0), ranking(1), ranking(2), end()]);
  let tries = 0;
  const flaky: RerankTransport = {
    ...transport,
    stream: (request) => {
      tries += 1;
      return tries < 3 ? Promise.reject(new ThrottledError('slow')) : transport.stream!(request);
    },
  };
  const client = new RerankerClient({ transport: flaky, retry: { baseDelayMs: 1 } });
  expect((await readAll(client.stream({ query, documents }))).items).toHaveLength(3);
});

it('refuses topN, and transports without streams', async () => {
  const { transport } = streaming([]);
  // @ts-expect-error a stream has no topN
  const withTopN = new RerankerClient({ transport }).stream({ query, documents, topN: 1 });
  expect(await rejection(withTopN.next())).toBeInstanceOf(ValidationError);
  const plain = new RerankerClient({ transport: codecTransport(() => 0) });
  expect(await rejection(plain.stream({ query, documents }).next())).toBeInstanceOf(ValidationError);
});

describe('over sockets', () => {
  let local: LocalEndpoint;
  beforeAll(async () => {
    local = await startLocalEndpoint({
      port: 0,
      containerEntry: require.resolve('../container/local/fake-container.js'),
      streamTimeoutMs: 300,
    });
  });
  afterAll(() => local.close());
  const lines = [ranking(1), ranking(0), ranking(2), end()].join('\n') + '\n';

  it.each(['the SDK and the Runtime API', 'HTTP'])('streams through %s', async (way) => {
    const client = new RerankerClient(
      way === 'HTTP'
        ? { transport: new HttpTransport({ url: local.containerUrl }) }
        : { endpointName: 'e', endpoint: local.url },
    );
    const { items } = await readAll(client.stream({ query: `lines|whole|${lines}`, documents }));
    expect(items.map((item) => item.index)).toEqual([1, 0, 2]);

    const broken = client.stream({ query: `lines|broken|${ranking(1)}\n`, documents });
    expect((await broken.next()).value).toMatchObject({ index: 1, document: documents[1] });
    const error = await rejection(broken.next());
    expect(error.message).toMatch(way === 'HTTP' ? /no connection/ : /StreamBroken/);
    const refused = client.stream({ query: 'status|422|{}', documents });
    expect(await rejection(refused.next())).toMatchObject({ originalStatusCode: 422 });
    client.close();
  });

  it('closes the socket when the loop is left', async () => {
    const client = new RerankerClient({ endpointName: 'e', endpoint: local.url });
    const stream = client.stream({ query: `lines|never|${ranking(0)}\n`, documents });
    await stream.next();
    await stream.return({ model: '', usage: { totalTokens: 0 }, requestIds: [] });
    client.close();
    const model = new RerankerClient({ endpointName: 'e', endpoint: local.url, targetModel: 'm' });
    expect(await rejection(model.stream({ query, documents }).next())).toBeInstanceOf(ValidationError);
  });
});
