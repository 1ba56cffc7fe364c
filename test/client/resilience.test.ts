import {
  AbortedError,
  CircuitOpenError,
  type ClientEvent,
  type Instrumentation,
  ModelError,
  type RerankTransport,
  RerankerClient,
  ThrottledError,
  TimeoutError,
  UnavailableError,
  ValidationError,
} from '@sagemaker-reranker/client';
import { codecTransport, rejection } from './support/codec-transport.js';

const query = 'q';
const documents = ['a', 'bb', 'ccc'];
const length = (text: string): number => text.length;
const quick = { baseDelayMs: 1, maxDelayMs: 2 };
afterEach(() => jest.useRealTimers());

const hanging: RerankTransport = { invoke: () => new Promise(() => undefined) };

function recorder(): { readonly events: ClientEvent[]; readonly instrumentation: Instrumentation } {
  const events: ClientEvent[] = [];
  return { events, instrumentation: { event: (event) => void events.push(event) } };
}

describe('retries', () => {
  it('send the same request again and report each', async () => {
    const { events, instrumentation } = recorder();
    const transport = codecTransport(length, (_, number) => {
      if (number <= 2) throw new ThrottledError('slow');
    });
    const { results } = await new RerankerClient({ transport, retry: quick, instrumentation }).rerank({
      query,
      documents,
    });
    expect(results.map((result) => result.index)).toEqual([2, 1, 0]);
    expect(transport.sent.map(({ body }) => body)).toEqual(Array(3).fill(transport.sent[0]!.body));
    expect(events.map((event) => (event.type === 'retry' ? event.attempt : event.type))).toEqual([
      2,
      3,
      'ranked',
    ]);
  });

  it('are off with retry: false', async () => {
    const transport = codecTransport(length, () => {
      throw new ThrottledError('slow');
    });
    const client = new RerankerClient({ transport, retry: false });
    expect(await rejection(client.rerank({ query, documents }))).toBeInstanceOf(ThrottledError);
    expect(transport.sent).toHaveLength(1);
  });
});

describe('concurrency', () => {
  it('bounds the requests of all calls together', async () => {
    let inside = 0;
    let most = 0;
    const transport = codecTransport(length, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    });
    const client = new RerankerClient({ transport, concurrency: 3, maxDocumentsPerRequest: 1 });
    const many = Array.from({ length: 8 }, (_, i) => `text ${i}`);
    await Promise.all([client.rerank({ query, documents: many }), client.rerank({ query, documents: many })]);
    expect(transport.sent).toHaveLength(16);
    expect(most).toBe(3);
  });

  it('is given back by calls that were given up, of a transport that heeds no signal', async () => {
    const transport = codecTransport(length, (_, number) =>
      number <= 2 ? new Promise<void>(() => undefined) : undefined,
    );
    const client = new RerankerClient({ transport, concurrency: 2 });
    const lost = [1, 2].map(() => rejection(client.rerank({ query, documents, deadlineMs: 20 })));
    for (const error of await Promise.all(lost)) expect(error).toBeInstanceOf(TimeoutError);
    await expect(client.rerank({ query, documents })).resolves.toMatchObject({ degraded: false });
  });

  it('is not spent on the rest of a call whose first part failed', async () => {
    const reasons: unknown[] = [];
    const transport: RerankTransport = {
      invoke: async ({ body, signal }) => {
        if (Buffer.from(body).includes('"a"')) throw new ModelError('bad', { statusCode: 422 });
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason);
            reject(new Error('socket closed'));
          });
        });
      },
    };
    const client = new RerankerClient({ transport, maxDocumentsPerRequest: 1 });
    expect(await rejection(client.rerank({ query, documents }))).toBeInstanceOf(ModelError);
    expect(reasons).toHaveLength(2);
    for (const reason of reasons) expect(reason).toBeInstanceOf(AbortedError);
  });
});

describe('hedging', () => {
  it('sends a second request when the first is slow, and takes the first answer', async () => {
    const { events, instrumentation } = recorder();
    const transport = codecTransport(length, (_, number) =>
      number === 1 ? new Promise<void>(() => undefined) : undefined,
    );
    const client = new RerankerClient({ transport, hedge: { afterMs: 5 }, instrumentation });
    const { results } = await client.rerank({ query, documents });
    expect(results).toHaveLength(3);
    expect(transport.sent).toHaveLength(2);
    expect(transport.sent[0]!.signal.aborted).toBe(true);
    expect(events.map((event) => event.type)).toEqual(['hedge', 'ranked']);
  });

  it('uses only slots that are free', async () => {
    jest.useFakeTimers();
    const transport = codecTransport(length, () => new Promise((resolve) => setTimeout(resolve, 40)));
    const client = new RerankerClient({ transport, hedge: { afterMs: 1 }, concurrency: 1 });
    const call = client.rerank({ query, documents });
    await jest.advanceTimersByTimeAsync(40);
    await call;
    expect(transport.sent).toHaveLength(1);
  });
});

describe('onUnavailable: passthrough', () => {
  const options = { onUnavailable: 'passthrough', retry: false } as const;

  it('gives the first documents in their order, marked, with the reason', async () => {
    const { events, instrumentation } = recorder();
    const down = new UnavailableError('service_unavailable', 'down');
    const transport = codecTransport(length, () => {
      throw down;
    });
    const client = new RerankerClient({ ...options, transport, instrumentation });
    const answer = await client.rerank({ query, documents, topN: 2, threshold: 0.9 });
    expect(answer).toEqual({
      degraded: true,
      reason: down,
      results: [
        { index: 0, document: 'a' },
        { index: 1, document: 'bb' },
      ],
    });
    expect(events).toMatchObject([{ type: 'passthrough', error: down }]);
    const bare = await client.rerank({ query, documents, returnDocuments: false });
    expect(bare.results).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }]);
    const strict = client.rerank({ query, documents, onUnavailable: 'throw' });
    expect(await rejection(strict)).toBe(down);
  });

  it('answers in time when the endpoint does not', async () => {
    const client = new RerankerClient({ transport: hanging });
    const answer = await client.rerank({ query, documents, deadlineMs: 20, onUnavailable: 'passthrough' });
    expect(answer).toMatchObject({ degraded: true, reason: { code: 'timeout' } });
  });

  it.each([
    [new ModelError('crashed', { statusCode: 0 })],
    [new ModelError('crashed', { statusCode: 500 })],
    [new ModelError('full', { statusCode: 429 })],
    [new ThrottledError('slow')],
    [new UnavailableError('no_capacity', 'zero')],
  ])('covers %s', async (error) => {
    const transport = codecTransport(length, () => {
      throw error;
    });
    const answer = await new RerankerClient({ ...options, transport }).rerank({ query, documents });
    expect(answer.degraded).toBe(true);
  });

  it('does not hide what is wrong with the call or its configuration', async () => {
    const transport = codecTransport(length, () => {
      throw new ModelError('bad', { statusCode: 422 });
    });
    const client = new RerankerClient({ ...options, transport });
    expect(await rejection(client.rerank({ query, documents }))).toBeInstanceOf(ModelError);
    expect(await rejection(client.rerank({ query: '', documents }))).toBeInstanceOf(ValidationError);
    const signal = AbortSignal.abort();
    expect(await rejection(client.rerank({ query, documents, signal }))).toBeInstanceOf(AbortedError);
  });
});

describe('the circuit breaker', () => {
  it('keeps calls from an endpoint that fails, and lets them through again', async () => {
    jest.useFakeTimers();
    let broken = true;
    const { events, instrumentation } = recorder();
    const transport = codecTransport(length, () => {
      if (broken) throw new UnavailableError('internal_failure', 'down');
    });
    const client = new RerankerClient({
      transport,
      instrumentation,
      retry: false,
      circuitBreaker: { failures: 2, coolDownMs: 30 },
    });
    for (let i = 0; i < 2; i += 1) await rejection(client.rerank({ query, documents }));
    expect(await rejection(client.rerank({ query, documents }))).toBeInstanceOf(CircuitOpenError);
    expect(transport.sent).toHaveLength(2);
    const degraded = await client.rerank({ query, documents, onUnavailable: 'passthrough' });
    expect(degraded).toMatchObject({ degraded: true, reason: { code: 'circuit_open' } });

    broken = false;
    await jest.advanceTimersByTimeAsync(30);
    await client.rerank({ query, documents });
    const states = events.flatMap((event) => (event.type === 'circuit' ? event.state : []));
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  it('is off with circuitBreaker: false', async () => {
    const transport = codecTransport(length, () => {
      throw new UnavailableError('internal_failure', 'down');
    });
    const client = new RerankerClient({ transport, retry: false, circuitBreaker: false });
    for (let i = 0; i < 8; i += 1) await rejection(client.rerank({ query, documents }));
    expect(transport.sent).toHaveLength(8);
  });
});

describe('instrumentation', () => {
  it('wraps calls and attempts, and cannot break a call by an event', async () => {
    const seen: unknown[] = [];
    const transport = codecTransport(length);
    const client = new RerankerClient({
      transport,
      maxDocumentsPerRequest: 2,
      instrumentation: {
        call: async (info, run) => {
          seen.push(info);
          return run();
        },
        attempt: async ({ call, attempt, hedge, bytes }, run) => {
          expect(call).toBe(seen[0]);
          seen.push({ attempt, hedge, bytes });
          return run();
        },
        event: () => {
          throw new Error('hook');
        },
      },
    });
    await client.rerank({ query, documents });
    const bytes = transport.sent.map(({ body }) => body.byteLength);
    expect(seen).toEqual([
      { operation: 'rerank', target: 'in-process', documents: 3 },
      { attempt: 1, hedge: false, bytes: bytes[0] },
      { attempt: 1, hedge: false, bytes: bytes[1] },
    ]);
  });
});

it.each<[string, object]>([
  ['concurrency', { concurrency: 0 }],
  ['maxDocumentsPerRequest', { maxDocumentsPerRequest: 1.5 }],
  ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
  ['retry.wakeUpMs', { retry: { wakeUpMs: -1 } }],
  ['hedge.afterMs', { hedge: {} }],
  ['circuitBreaker.failures', { circuitBreaker: { failures: 0 } }],
  ['onUnavailable', { onUnavailable: 'ignore' }],
  ['customAttributes', { customAttributes: '\n' }],
])('refuses a wrong %s', (path, options) => {
  expect(() => new RerankerClient({ transport: hanging, ...options })).toThrow(
    expect.objectContaining({
      code: 'invalid_request',
      issues: [expect.objectContaining({ path })],
    }) as Error,
  );
});
