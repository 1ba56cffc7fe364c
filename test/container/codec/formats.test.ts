import { readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { RequestError } from '@sagemaker-reranker/container';
import {
  type Codec,
  CODECS,
  decodeBody,
  detectFormat,
  FORMATS,
  NATIVE_PATHS,
  nativeFormat,
} from '../../../container/src/codec/index.js';
import { limits } from '../support/codec.js';

describe('detectFormat', () => {
  it.each([
    [{ query: 'q', documents: [] }, undefined],
    [{ data: {} }, 'jina-sagemaker'],
    [{ query: 'q', texts: [] }, 'tei'],
    [{ queries: [], sources: [] }, 'bedrock'],
    [{ sources: [] }, 'bedrock'],
    [{ documents: [], truncate_prompt_tokens: 3 }, 'vllm'],
    [{ documents: [], rank_fields: [] }, 'cohere-v1'],
    [{ documents: [], max_chunks_per_doc: 1 }, 'cohere-v1'],
    [{ documents: [], api_version: 1 }, 'cohere-v1'],
    [{ documents: [], api_version: 2 }, 'cohere-v2'],
    [{ documents: [], api_version: 3 }, undefined],
    [{ query: 'q', documents: [], top_k: 2 }, 'voyage'],
    [{ query: 'q', documents: [], top_k: null }, undefined],
    [{ query: 'q', documents: [], use_activation: false }, 'vllm'],
    [{ query: 'q', input: [] }, 'elastic'],
    [{ inputs: [{ text: 'q', text_pair: 'a' }] }, 'text-classification'],
    [{ inputs: ['q'], docs: ['a'] }, 'dify'],
    [{ text_pairs: [['q', 'a']] }, 'langchain'],
    [{ text_1: 'q', text_2: ['a'] }, 'vllm-score'],
    [{ queries: 'q', documents: ['a'] }, 'vllm-score'],
    [{ queries: 'q', items: ['a'] }, 'vllm-score'],
    [{ query: { text: 'q' }, passages: [] }, 'nim'],
  ])('tells %j by its shape', (fields, name) => {
    expect(detectFormat(fields)?.name).toBe(name);
  });

  it('is not led astray by inherited fields', () => {
    expect(detectFormat(JSON.parse('{"__proto__":{"texts":[]}}') as object as never)).toBeUndefined();
  });
});

describe('nativeFormat', () => {
  const names = (fields: object) =>
    NATIVE_PATHS.map((path) => `${path} ${nativeFormat(path, fields as never).name}`);

  it('takes a body without marks for the format of the route', () => {
    expect(names({ documents: [] }).sort()).toEqual([
      '/infinity/rerank infinity',
      '/rerank vllm',
      '/score vllm-score',
      '/v1/ranking nim',
      '/v1/rerank jina',
      '/v1/score vllm-score',
      '/v2/rerank cohere-v2',
    ]);
    expect(nativeFormat('/rerank', {}).name).toBe('tei');
  });

  it('tells the formats of a route apart', () => {
    expect(nativeFormat('/rerank', { documents: [], return_documents: true }).name).toBe('vllm');
    expect(nativeFormat('/v1/rerank', { documents: [], top_k: 1 }).name).toBe('voyage');
    expect(nativeFormat('/v1/rerank', { documents: [], max_chunks_per_doc: 1 }).name).toBe('cohere-v1');
    // A format that is not spoken there is not taken for it.
    expect(nativeFormat('/v1/rerank', { text_pairs: [] }).name).toBe('jina');
  });
});

describe('a known field of another format', () => {
  const body = { query: 'q', documents: ['a', 'b'] };
  const format = (name: string) => FORMATS.get(name)!;

  it.each(CODECS.map((codec) => [codec.name, codec] as const))('acts or is refused: %s', (_name, codec) => {
    const known = new Set(CODECS.flatMap(({ request }) => Object.keys(request)));
    for (const field of known) {
      if (Object.hasOwn(codec.request, field)) continue;
      const plain = JSON.stringify(decodeBody(codec, codec.example, limits));
      let read: string;
      try {
        read = JSON.stringify(decodeBody(codec, { ...codec.example, [field]: 7 }, limits));
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_request' });
        continue;
      }
      expect([field, read]).not.toEqual([field, plain]);
    }
  });

  it('acts where the format has the same under another name', () => {
    expect(decodeBody(format('jina'), { ...body, top_k: 1 }, limits).topN).toBe(1);
    expect(decodeBody(format('jina'), { ...body, topN: 1 }, limits).topN).toBe(1);
    expect(decodeBody(format('voyage'), { ...body, top_n: 1 }, limits).topN).toBe(1);
    expect(decodeBody(format('jina'), { ...body, use_activation: false }, limits).rawScores).toBe(true);
    expect(
      decodeBody(format('tei'), { query: 'q', texts: ['a'], return_documents: true }, limits),
    ).toMatchObject({
      returnDocuments: true,
    });
    expect(decodeBody(format('vllm'), { ...body, use_activation: false }, limits).rawScores).toBe(true);
  });

  it("is refused where it contradicts the format's own", () => {
    const read = () => decodeBody(format('jina'), { ...body, top_n: 1, top_k: 2 }, limits);
    expect(read).toThrow(/top_k says something else than top_n/);
    expect(decodeBody(format('jina'), { ...body, top_n: 2, top_k: 2 }, limits).topN).toBe(2);
  });

  it('is nothing where it is null, and a field that nobody knows is left alone', () => {
    const request = decodeBody(format('jina'), { ...body, rank_fields: null, user: 'me' }, limits);
    expect(request.documents).toEqual(['a', 'b']);
  });
});

describe('a new format', () => {
  it('is in the list of formats.ts, and has a name, marks and an example of its own', async () => {
    const folder = path.resolve(__dirname, '../../../container/src/codec');
    const found: string[] = [];
    for (const file of readdirSync(folder)) {
      const exported = (await import(path.join(folder, file))) as Record<string, unknown>;
      for (const each of Object.values(exported)) {
        const { name, decode, encode } = (each ?? {}) as Partial<Codec>;
        if (decode && encode) found.push(name!);
      }
    }
    // Forgotten there, it would be read by nobody.
    expect([...new Set(found)].sort()).toEqual(CODECS.map(({ name }) => name).sort());
    const marks = CODECS.flatMap((codec) => codec.marks);
    expect(new Set(marks).size).toBe(marks.length);
  });
});

// Objects whose fields are those that the formats know, with values of any kind.
const names = fc.constantFrom(
  ...[
    'query',
    'documents',
    'texts',
    'data',
    'queries',
    'sources',
    'top_n',
    'model',
    'truncate',
    'raw_scores',
  ],
  ...['rerankingConfiguration', 'rank_fields', 'max_tokens_per_doc', 'parameters', 'truncate_prompt_tokens'],
);
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom('q', ['a'], [{ text: 'a' }], { query: 'q', documents: ['a'] }),
  fc.constant([{ type: 'TEXT', textQuery: { text: 'q' } }]),
);

describe('every format', () => {
  it.each([...FORMATS])('%s accepts or refuses any fields with a RequestError', (_name, codec) => {
    fc.assert(
      fc.property(fc.dictionary(names, value), (fields) => {
        try {
          const request = codec.decode(fields, limits);
          for (const query of [request.query].flat()) expect(typeof query).toBe('string');
          expect(request.documents.length).toBeGreaterThan(0);
          for (const document of request.documents) expect(typeof document).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
          const { status, body } = codec.encodeError(error as RequestError, 'id');
          expect(status).toBeGreaterThanOrEqual(400);
          expect(JSON.stringify(body).length).toBeLessThan(10_000);
        }
      }),
      { numRuns: 300, seed: 17 },
    );
  });
});
