import fc from 'fast-check';
import { ModelError, PayloadTooLargeError, RerankerClient, ThrottledError } from '@sagemaker-reranker/client';
import { smallerLimits, splitRequest } from '../../client/src/split.js';
import { codecTransport, rejection } from './support/codec-transport.js';

const bodies = (parts: readonly { body: Uint8Array }[]) =>
  parts.map(({ body }) => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>);
const unlimited = { bytes: 1e9, documents: 1e9 };

it('writes one body, with the texts and nothing else of the documents, if that fits', () => {
  const content = { query: 'q', texts: ['a', 'b'] };
  const { parts, logits } = splitRequest(content, { topN: 1, rawScores: false }, unlimited);
  expect(bodies(parts)).toEqual([{ query: 'q', documents: ['a', 'b'], top_n: 1, return_documents: false }]);
  expect(logits).toBe(false);
  const all = splitRequest(content, { topN: 2, rawScores: true }, unlimited);
  expect(bodies(all.parts)).toEqual([
    { query: 'q', documents: ['a', 'b'], return_documents: false, raw_scores: true },
  ]);
});

/** Requests that filling each one to the brim would need: the fewest there can be. */
function fewest(
  texts: readonly string[],
  query: string,
  topN: number | undefined,
  limits: { readonly bytes: number; readonly documents: number },
): number {
  let count = 1;
  let held: string[] = [];
  for (const text of texts) {
    const more = [...held, text];
    const body = { query, top_n: topN, return_documents: false, raw_scores: true, documents: more };
    const fits = Buffer.byteLength(JSON.stringify(body)) <= limits.bytes && more.length <= limits.documents;
    held = fits ? more : [text];
    if (!fits) count += 1;
  }
  return count;
}

it('counts the comma between two documents, which short ones make much of', () => {
  const texts = Array.from({ length: 100 }, () => 'a');
  for (let bytes = 150; bytes < 200; bytes += 1) {
    const limits = { bytes, documents: 1000 };
    const { parts } = splitRequest({ query: 'q', texts }, { rawScores: false }, limits);
    expect(bodies(parts).flatMap((body) => body.documents)).toEqual(texts);
    for (const { body } of parts) expect(body.byteLength).toBeLessThanOrEqual(bytes);
  }
});

it('sends every document once, in order, within both limits, in as few requests as any split by bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { minLength: 1, maxLength: 40 }),
      fc.string({ minLength: 1, maxLength: 10 }),
      fc.integer({ min: 600, max: 1200 }),
      fc.integer({ min: 1, max: 30 }),
      fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      (texts, query, bytes, documents, topN) => {
        const { parts } = splitRequest(
          { query, texts },
          { rawScores: false, ...(topN !== undefined && { topN }) },
          { bytes, documents },
        );
        const sent = bodies(parts);
        expect(sent.flatMap((body) => body.documents)).toEqual(texts);
        expect(sent.every((body) => body.query === query)).toBe(true);
        let start = 0;
        for (const [i, part] of parts.entries()) {
          expect(part.body.byteLength).toBeLessThanOrEqual(bytes);
          expect(part.documents).toBeLessThanOrEqual(documents);
          expect(part.start).toBe(start);
          expect(part.expected).toBe(Math.min(topN ?? Infinity, part.documents));
          expect(sent[i]!.top_n ?? part.documents).toBe(part.expected);
          start += part.documents;
        }
        if (parts.length > 1) expect(parts).toHaveLength(fewest(texts, query, topN, { bytes, documents }));
      },
    ),
  );
});

it('makes parts of nearly equal size', () => {
  const texts = Array.from({ length: 101 }, () => 'x'.repeat(100));
  const { parts } = splitRequest(
    { query: 'q', texts },
    { rawScores: false },
    { bytes: 10_000, documents: 1e9 },
  );
  expect(parts.map((part) => part.documents)).toEqual([51, 50]);
});

describe('at the limits', () => {
  const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(40));
  const split = (some: readonly string[], limits: Partial<typeof unlimited>, rawScores = false) =>
    splitRequest({ query: 'q', texts: some }, { rawScores }, { ...unlimited, ...limits });
  const bytesOf = (some: readonly string[], rawScores: boolean): number =>
    split(some, {}, rawScores).parts[0]!.body.byteLength;

  it('cuts no request that just fits, and asks it for the scores that were wanted', () => {
    const bytes = bytesOf(texts, false);
    for (const limits of [{ bytes }, { documents: 3 }]) {
      const { parts, logits } = split(texts, limits);
      expect(parts.map((part) => part.documents)).toEqual([3]);
      expect(logits).toBe(false);
    }
    for (const limits of [{ bytes: bytes - 1 }, { documents: 2 }]) {
      const { parts, logits } = split(texts, limits);
      expect(parts).toHaveLength(2);
      expect(logits).toBe(true);
    }
  });

  it('fills a part to its last byte', () => {
    const bytes = bytesOf(texts.slice(1), true);
    expect(split(texts, { bytes }).parts.map((part) => part.documents)).toEqual([2, 1]);
    expect(split(texts, { bytes: bytes - 1 }).parts.map((part) => part.documents)).toEqual([1, 1, 1]);
  });

  const thrown = (call: () => unknown): unknown => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  };

  it('names the document that does not fit alone, and the size of its own request', () => {
    const long = 'b'.repeat(300);
    const bytes = bytesOf([long], true);
    const error = thrown(() => split(['a', long, 'c'], { bytes: 200 }));
    expect(error).toBeInstanceOf(PayloadTooLargeError);
    expect(error).toMatchObject({ bytes, limitBytes: 200 });
    expect(String(error)).toContain(`documents[1] and the query make a request body of ${bytes} bytes`);
  });

  it('says that a single document is all there is, and the size of the request as it is', () => {
    const text = 'b'.repeat(300);
    const bytes = bytesOf([text], false);
    const error = thrown(() => split([text], { bytes: 200 }));
    expect(error).toMatchObject({ bytes, limitBytes: 200 });
    expect(String(error)).toContain(
      `${bytes} bytes where the endpoint takes 200, and holds one document only`,
    );
  });
});

describe('the merged ranking', () => {
  const logitsOf = fc.oneof(
    fc.constantFrom(0, 1, 40, 41, 60, -90),
    fc.float({ min: -100, max: 100, noNaN: true }),
  );

  it('is that of one request: order, scores and ties, also where sigmoids are equal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(logitsOf, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
        fc.option(fc.integer({ min: 1, max: 35 }), { nil: undefined }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
        fc.boolean(),
        async (logits, maxDocumentsPerRequest, topN, threshold, rawScores) => {
          const documents = logits.map((logit, i) => ({ text: `${i} ${logit}`, i }));
          const transport = codecTransport((text) => logits[Number(text.split(' ')[0])]!);
          const request = { query: 'q', documents, topN, threshold, rawScores };
          const whole = await new RerankerClient({ transport }).rerank(request);
          const split = await new RerankerClient({ transport, maxDocumentsPerRequest }).rerank(request);
          expect(split.results).toEqual(whole.results);
          expect(split.usage).toEqual(whole.usage);
          expect(split.requestIds).toHaveLength(Math.ceil(logits.length / maxDocumentsPerRequest));
          for (const { index, document } of split.results) expect(document).toBe(documents[index]);
          for (const { relevanceScore } of split.results) {
            expect(relevanceScore).toBeGreaterThanOrEqual(threshold ?? -Infinity);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an endpoint whose limits are lower than the client knows', () => {
  const refuse = (code: string, details: object) =>
    new ModelError('refused', {
      statusCode: 422,
      message: JSON.stringify({ error: { code, message: 'too much', details } }),
    });
  const documents = Array.from({ length: 20 }, (_, i) => `text ${i}`);

  it.each([
    ['bytes', () => new PayloadTooLargeError('413', {}, { status: 413 })],
    ['documents', () => refuse('too_many_documents', { limit: 6 })],
    ['tokens', () => refuse('too_many_tokens', { limit: 6 })],
  ])('gets smaller requests when it refuses the %s', async (_, error) => {
    const transport = codecTransport(
      (text) => Number(text.slice(5)),
      (request) => {
        const { documents: sent } = JSON.parse(Buffer.from(request.body).toString()) as { documents: [] };
        if (sent.length > 6) throw error();
      },
    );
    const { results } = await new RerankerClient({ transport }).rerank({ query: 'q', documents });
    expect(results.map((result) => result.index)).toEqual([...documents.keys()].reverse());
  });

  it('reports its refusal of a single document, and other failures at once', async () => {
    const transport = codecTransport(
      () => 0,
      () => {
        throw refuse('too_many_tokens', { limit: 6 });
      },
    );
    const error = await rejection(
      new RerankerClient({ transport }).rerank({ query: 'q', documents: ['a', 'b'] }),
    );
    expect(error).toMatchObject({ containerError: { code: 'too_many_tokens' } });
    expect(transport.sent).toHaveLength(3);

    const split = splitRequest({ query: 'q', texts: documents }, { rawScores: false }, unlimited);
    expect(smallerLimits(split, unlimited, new ThrottledError('slow'))).toBeUndefined();
    expect(smallerLimits(split, unlimited, refuse('invalid_request', {}))).toBeUndefined();
    expect(smallerLimits(split, unlimited, refuse('too_many_documents', { limit: 9 }))).toMatchObject({
      documents: 9,
    });
    expect(smallerLimits(split, unlimited, refuse('too_many_documents', { limit: 'x' }))).toMatchObject({
      documents: 10,
    });
  });
});
