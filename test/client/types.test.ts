import {
  CircuitOpenError,
  ModelError,
  type PassthroughResponse,
  type Ranking,
  type RerankRequest,
  type RerankResponse,
  type RerankResult,
  type RerankTransport,
  RerankerClient,
  type RerankerClientOptions,
  RerankerError,
  ThrottledError,
  UnavailableError,
} from '@sagemaker-reranker/client';

// What the compiler must accept and refuse: `npm run typecheck` checks this file, and an unused @ts-expect-error fails it.

interface Passage {
  readonly id: number;
  readonly text: string;
}
interface Page {
  readonly title: string;
  readonly body: string;
}
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const same = <A, B>(equal: Same<A, B>): boolean => equal;

const transport: RerankTransport = {
  invoke: async () => ({
    body: Buffer.from(
      JSON.stringify({
        model: 'm',
        usage: { total_tokens: 3 },
        results: [{ index: 0, relevance_score: 0.5 }],
      }),
    ),
  }),
};
const client = new RerankerClient({ transport });
const query = 'q';
const pages: Page[] = [{ title: 't', body: 'b' }];

it('keeps the type of the documents', async () => {
  const passage = { id: 7, text: 'seven' };
  const passages: readonly Passage[] = [passage];
  const { results } = await client.rerank({ query, documents: passages });
  same<(typeof results)[number]['document'], Passage>(true);
  expect(results[0]!.document).toBe(passage);

  const strings = await client.rerank({ query, documents: ['a'] });
  same<(typeof strings.results)[number]['document'], string>(true);
  expect(strings.results[0]!.document).toBe('a');

  const mixed = await client.rerank({ query, documents: ['a' as string | Passage] });
  same<(typeof mixed.results)[number]['document'], string | Passage>(true);
  expect(mixed.results[0]!.document).toBe('a');
});

it('requires a selector for documents without a text, and gives it their type', async () => {
  const { results } = await client.rerank({ query, documents: pages, text: (page) => page.body });
  same<(typeof results)[number]['document'], Page>(true);
  expect(results[0]!.document.title).toBe('t');

  // @ts-expect-error a Page has no text
  await expect(client.rerank({ query, documents: pages })).rejects.toThrow('documents[0]');
  // @ts-expect-error half of this union has no text
  await expect(client.rerank({ query, documents: [1 as string | number] })).rejects.toThrow('documents[0]');
  // @ts-expect-error text is a number
  await expect(client.rerank({ query, documents: [{ text: 1 }] })).rejects.toThrow('documents[0]');
  await expect(
    // @ts-expect-error the selector must give a string
    client.rerank({ query, documents: pages, text: (page) => page.title.length }),
  ).rejects.toThrow('documents[0]');
});

it('allows a selector over documents that have a text', async () => {
  const { results } = await client.rerank({ query, documents: ['x'], text: (s) => s.toUpperCase() });
  expect(results[0]!.document).toBe('x');
});

it('leaves the document out of the type when it is not returned', async () => {
  const { results } = await client.rerank({ query, documents: ['a'], returnDocuments: false });
  same<(typeof results)[number], Ranking>(true);
  expect(results[0]).toEqual({ index: 0, relevanceScore: 0.5 });
  // @ts-expect-error no document was asked for
  expect(results[0]!.document).toBeUndefined();

  const flag: boolean = pages.length > 0;
  const either = await client.rerank({ query, documents: ['a'], returnDocuments: flag });
  same<(typeof either.results)[number], RerankResult<string, boolean>>(true);
  expect('document' in either.results[0]!).toBe(true);
});

it('requires a query and documents, and either an endpoint or a transport', async () => {
  // @ts-expect-error the query is required
  await expect(client.rerank({ documents: ['a'] })).rejects.toThrow('query');
  // @ts-expect-error documents are required
  await expect(client.rerank({ query })).rejects.toThrow('documents');
  // @ts-expect-error neither endpointName nor transport
  expect(() => new RerankerClient({})).toThrow('endpointName');
  // @ts-expect-error topN is a number
  await expect(client.rerank({ query, documents: ['a'], topN: '1' })).rejects.toThrow('topN');
});

it('can be wrapped by a generic function', async () => {
  const best = async <T>(request: RerankRequest<T>): Promise<T | undefined> =>
    (await client.rerank(request)).results[0]?.document;
  expect(await best({ query, documents: pages, text: (page: Page) => page.body })).toBe(pages[0]);
});

describe('unavailability', () => {
  type Ranked = RerankResponse<string>;
  type Either = Ranked | PassthroughResponse<string>;
  const documents = ['a'];

  it('is in the type only where the client or the request says passthrough', async () => {
    const thrown = await client.rerank({ query, documents });
    same<typeof thrown, Ranked>(true);
    expect(thrown.degraded).toBe(false);
    const passed = await client.rerank({ query, documents, onUnavailable: 'passthrough' });
    same<typeof passed, Either>(true);
    expect(passed.results[0]!.document).toBe('a');
    // @ts-expect-error only a ranked answer has a model
    expect(passed.model).toBe('m');
    if (passed.degraded) same<typeof passed, PassthroughResponse<string>>(true);
    else same<(typeof passed.results)[number]['relevanceScore'], number>(true);
    same<(typeof passed.results)[number]['relevanceScore'], number | undefined>(true);

    const lenient = new RerankerClient({ transport, onUnavailable: 'passthrough' });
    const either = await lenient.rerank({ query, documents });
    same<typeof either, Either>(true);
    expect(either.degraded).toBe(false);
    const strict = await lenient.rerank({ query, documents, onUnavailable: 'throw' });
    same<typeof strict, Ranked>(true);
    expect(strict.model).toBe('m');
    // @ts-expect-error there is no third way
    await expect(client.rerank({ query, documents, onUnavailable: 'retry' })).rejects.toThrow(
      'onUnavailable',
    );
  });

  it('keeps to what options of a declared type say', async () => {
    const options: RerankerClientOptions = { transport };
    const answer = await new RerankerClient(options).rerank({ query, documents });
    same<typeof answer, Ranked>(true);
    expect(answer.degraded).toBe(false);
  });
});

it('narrows errors by their guards, and by their codes', () => {
  const describe = (error: unknown): string => {
    if (!RerankerError.isInstance(error)) return 'foreign';
    // What one guard excludes, the next must still tell apart.
    if (ThrottledError.isInstance(error)) return error.code satisfies 'throttled';
    if (UnavailableError.isInstance(error)) return error.code;
    if (CircuitOpenError.isInstance(error)) return error.code satisfies 'circuit_open';
    if (ModelError.isInstance(error)) return `${error.originalStatusCode ?? 'none'}`;
    same<typeof error, RerankerError>(true);
    return error.message;
  };
  const errors = [
    new ThrottledError('m'),
    new UnavailableError('no_capacity', 'm'),
    new CircuitOpenError('m'),
    new ModelError('m', { statusCode: 500 }),
    new RerankerError('unexpected', 'other'),
    new Error('m'),
  ];
  expect(errors.map(describe)).toEqual([
    'throttled',
    'no_capacity',
    'circuit_open',
    '500',
    'other',
    'foreign',
  ]);
});

it('gives the document type to streams, too', async () => {
  const stream = client.stream({ query, documents: pages, text: (page) => page.body });
  type Item = Awaited<ReturnType<(typeof stream)['next']>>['value'];
  same<Extract<Item, { index: number }>, RerankResult<Page>>(true);
  await expect(stream.next()).rejects.toThrow('no response streams');
  // @ts-expect-error a Page has no text
  await expect(client.stream({ query, documents: pages }).next()).rejects.toThrow('documents[0]');
});
