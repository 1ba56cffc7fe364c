import fc from 'fast-check';
import {
  FORMATS,
  decodeRow,
  detectFormat,
  jina,
  parseObject,
  type Codec,
} from '../../../container/src/codec/index.js';
import { RequestError } from '@sagemaker-reranker/container';
import { outcome } from '../support/codec.js';

/** The same bodies in every run; fast-check prints it with the smallest body that fails. */
const SEED = 20_261_123;
const limits = { maxDocuments: 50 };
const codecs = [...new Set(FORMATS.values())];
const { stringify } = JSON;

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((value) => value.trim() !== '');
const texts = fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { minLength: 1, maxLength: 8 });
const common = { top_n: fc.integer({ min: 1, max: 9 }), raw_scores: fc.boolean() };

/** Valid bodies of each format. */
const VALID: Readonly<Record<string, fc.Arbitrary<Record<string, unknown>>>> = {
  jina: plain('documents', { ...common, return_documents: fc.boolean() }),
  'jina-sagemaker': plain('documents', { ...common, id: text }).map((data) => ({ data })),
  'cohere-v1': plain('documents', { ...common, max_chunks_per_doc: fc.integer({ min: 1, max: 9 }) }),
  'cohere-v2': plain('documents', { ...common, max_tokens_per_doc: fc.integer({ min: 1, max: 9 }) }),
  tei: plain('texts', { raw_scores: fc.boolean(), return_text: fc.boolean(), truncate: fc.boolean() }),
  vllm: plain('documents', { ...common, truncate_prompt_tokens: fc.integer({ min: 1, max: 99 }) }),
  bedrock: fc.record({ query: text, documents: texts }).map(({ query, documents }) => ({
    queries: [{ type: 'TEXT', textQuery: { text: query } }],
    sources: documents.map((value) => ({
      type: 'INLINE',
      inlineDocumentSource: { type: 'TEXT', textDocument: { text: value } },
    })),
  })),
};

function plain(
  documents: string,
  optional: Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .tuple(fc.record({ query: text, [documents]: texts }), fc.record(optional, { requiredKeys: [] }))
    .map(([required, more]) => ({ ...required, ...more }));
}

/** A valid body in which one value, anywhere, is replaced by any JSON, or one member is lost or renamed. */
function mutated(valid: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<unknown> {
  return fc.tuple(valid, fc.nat(), fc.jsonValue(), fc.nat(2)).map(([body, at, value, how]) => {
    const copy = JSON.parse(stringify(body)) as Record<string, unknown>;
    const holders: [Record<string, unknown>, string][] = [];
    const walk = (node: unknown): void => {
      if (typeof node !== 'object' || node === null) return;
      for (const key of Object.keys(node)) {
        holders.push([node as Record<string, unknown>, key]);
        walk((node as Record<string, unknown>)[key]);
      }
    };
    walk(copy);
    const [holder, key] = holders[at % holders.length]!;
    if (how === 0) holder[key] = value;
    else if (how === 1 || Array.isArray(holder)) Reflect.deleteProperty(holder, key);
    else holder[`${key}x`] = value;
    return copy;
  });
}

/** What becomes of a body: a request, or an error that is none of the container's own faults. */
function tryDecode(codec: Codec, body: string): void {
  try {
    const request = codec.decode(parseObject(Buffer.from(body)), limits);
    const result = outcome(...request.documents.map((_, i) => i / 7 - 1));
    expect(typeof stringify(codec.encode(request, result))).toBe('string');
    expect([request.query].flat().every((query) => typeof query === 'string')).toBe(true);
    expect(request.documents.every((document) => typeof document === 'string')).toBe(true);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    expect([400, 422]).toContain(error.status);
    expectShape(codec, error);
  }
}

function expectShape(codec: Codec, error: RequestError): void {
  const { status, body } = codec.encodeError(error, 'id-1');
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  // The document at /openapi.json says what an error of each format holds.
  expect(Object.keys(body).sort()).toEqual([...(codec.error.required as string[])].sort());
}

describe.each(codecs.map((codec) => [codec.name, codec] as const))('the codec %s', (name, codec) => {
  const run = (property: fc.IProperty<[string]>) => fc.assert(property, { seed: SEED, numRuns: 500 });
  const valid = VALID[name] ?? fc.constant({ ...codec.example });

  it('reads any JSON or refuses it in its own shape', () => {
    run(fc.property(fc.json({ maxDepth: 6 }), (body) => tryDecode(codec, body)));
  });

  it('reads bodies with one thing wrong or refuses them in its own shape', () => {
    run(
      fc.property(
        mutated(valid).map((body) => stringify(body)),
        (body) => tryDecode(codec, body),
      ),
    );
  });

  it('reads no text that is cut off', () => {
    const cut = fc.tuple(
      valid.map((body) => stringify(body)),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
    );
    run(
      fc.property(
        cut.map(([body, part]) => body.slice(0, Math.floor(body.length * part))),
        (body) => {
          expect(() => parseObject(Buffer.from(body))).toThrow(
            expect.objectContaining({ code: 'invalid_json' }) as Error,
          );
        },
      ),
    );
  });

  it('keeps query, documents and their order', () => {
    run(
      fc.property(
        valid.map((body) => stringify(body)),
        (body) => {
          const request = codec.decode(parseObject(Buffer.from(body)), limits);
          const fields = JSON.parse(Buffer.from(body).toString()) as Record<string, never>;
          const texts = [request.query, request.documents].flat();
          if (name in VALID) expect(texts).toEqual(textsOf(name, fields));
          else expect([...new Set(texts)].sort()).toEqual([...stringsOf(fields)].sort());
          const result = outcome(...request.documents.map((_, i) => -i));
          const answer = JSON.parse(stringify(codec.encode(request, result))) as Record<string, never>;
          const answered = name in VALID ? resultsOf(name, answer) : [...listsOf(answer)][0]!;
          expect(answered).toHaveLength(request.documents.slice(0, request.topN).length);
          const indexes = (answered as { index?: number }[]).map(({ index }, i) => index ?? i);
          expect(indexes).toEqual(indexes.map((_, i) => i));
        },
      ),
    );
  });

  it('is told from a body by its shape, or is the one of the route', () => {
    run(
      fc.property(
        valid.map((body) => stringify(body)),
        (body) => {
          const found = detectFormat(parseObject(Buffer.from(body))) ?? jina;
          const alike = ['jina', 'cohere-v1', 'cohere-v2', 'vllm', 'infinity'];
          if (alike.includes(name)) expect(alike).toContain(found.name);
          else expect(found).toBe(codec);
        },
      ),
    );
  });
});

/** The different strings in a value. */
function stringsOf(value: unknown): Set<string> {
  if (typeof value === 'string') return new Set([value]);
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(Object.values(value).flatMap((each) => [...stringsOf(each)]));
}

/** The lists in a value, outermost first. */
function* listsOf(value: unknown): Generator<unknown[]> {
  if (Array.isArray(value)) yield value as unknown[];
  else if (typeof value === 'object' && value !== null) {
    for (const each of Object.values(value)) yield* listsOf(each);
  }
}

function textsOf(name: string, fields: Record<string, never>): string[] {
  if (name === 'bedrock') {
    const { queries, sources } = fields as unknown as {
      queries: { textQuery: { text: string } }[];
      sources: { inlineDocumentSource: { textDocument: { text: string } } }[];
    };
    return [
      queries[0]!.textQuery.text,
      ...sources.map((source) => source.inlineDocumentSource.textDocument.text),
    ];
  }
  const {
    query,
    documents,
    texts: more,
  } = (name === 'jina-sagemaker' ? fields.data : fields) as unknown as {
    query: string;
    documents?: string[];
    texts?: string[];
  };
  return [query, ...(documents ?? more!)];
}

function resultsOf(name: string, answer: Record<string, never>): { index: number }[] {
  if (name === 'tei') return answer as unknown as { index: number }[];
  if (name === 'jina-sagemaker') return (answer.data as { results: { index: number }[] }[])[0]!.results;
  return answer.results;
}

describe('a row of CSV', () => {
  it('is read or refused', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('"', ',', '\\', '[', ']', '{', '}', 'a', '1', '\n', ' ') }),
        (row) => {
          try {
            decodeRow(row);
          } catch (error) {
            if (!(error instanceof RequestError)) throw error;
            expect(error.code).toBe('invalid_request');
          }
        },
      ),
      { seed: SEED, numRuns: 2_000 },
    );
  });

  it('gives back what was quoted, commas, quotes and line ends included', () => {
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(text, texts, (query, documents) => {
        const row = ['1', quoted(query), quoted(stringify(documents)), '2'].join(',');
        expect(decodeRow(row)).toEqual({ data: { id: '1', query, documents, top_n: 2 } });
      }),
      { seed: SEED },
    );
  });
});
