import fc from 'fast-check';
import { RequestError } from '@sagemaker-reranker/container';
import { detectFormat, FORMATS, NATIVE_ROUTES } from '../../../container/src/codec/index.js';
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
  ])('tells %j by its shape', (fields, name) => {
    expect(detectFormat(fields)?.name).toBe(name);
  });

  it('is not led astray by inherited fields', () => {
    expect(detectFormat(JSON.parse('{"__proto__":{"texts":[]}}') as object as never)).toBeUndefined();
  });
});

describe('NATIVE_ROUTES', () => {
  it('take a body without marks for their own format', () => {
    const names = (fields: object) =>
      Object.entries(NATIVE_ROUTES).map(([path, format]) => `${path} ${format(fields as never).name}`);
    expect(names({ documents: [] })).toEqual(['/v1/rerank jina', '/v2/rerank cohere-v2', '/rerank vllm']);
    expect(names({})).toEqual(['/v1/rerank jina', '/v2/rerank cohere-v2', '/rerank tei']);
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
          expect(typeof request.query).toBe('string');
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
