import fc from 'fast-check';
import { type RerankRequest, ValidationError } from '@sagemaker-reranker/client';
import { readRequest } from '../../client/src/request.js';

/** What a caller without the compiler's help can pass. */
function issuesOf(request: unknown): readonly { path: string; message: string }[] {
  try {
    readRequest(request as RerankRequest<string>);
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues;
  }
  return [];
}

it('calls the selector once a document, in order', () => {
  const seen: number[] = [];
  const text = (n: number): string => {
    seen.push(n);
    return `number ${n}`;
  };
  expect(readRequest({ query: 'q', documents: [3, 1, 2], text }).texts).toEqual([
    'number 3',
    'number 1',
    'number 2',
  ]);
  expect(seen).toEqual([3, 1, 2]);
});

it('keeps any texts as they are', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (documents) => {
      expect(readRequest({ query: 'q', documents }).texts).toEqual(documents);
    }),
  );
});

it.each([
  [{ documents: ['a'] }, 'query'],
  [{ query: '', documents: ['a'] }, 'query'],
  [{ query: ' \n', documents: ['a'] }, 'query'],
  [{ query: 1, documents: ['a'] }, 'query'],
  [{ query: 'q' }, 'documents'],
  [{ query: 'q', documents: [] }, 'documents'],
  [{ query: 'q', documents: 'abc' }, 'documents'],
  [{ query: 'q', documents: ['a', 1] }, 'documents[1]'],
  [{ query: 'q', documents: ['a', null] }, 'documents[1]'],
  [{ query: 'q', documents: [{ title: 't' }] }, 'documents[0]'],
  [{ query: 'q', documents: [{ text: 1 }] }, 'documents[0]'],
  [{ query: 'q', documents: ['a'], text: () => undefined }, 'documents[0]'],
  [{ query: 'q', documents: ['a'], text: 'title' }, 'text'],
  [{ query: 'q', documents: ['a'], topN: 0 }, 'topN'],
  [{ query: 'q', documents: ['a'], topN: 1.5 }, 'topN'],
  [{ query: 'q', documents: ['a'], topN: NaN }, 'topN'],
  [{ query: 'q', documents: ['a'], topN: '1' }, 'topN'],
  [{ query: 'q', documents: ['a'], threshold: NaN }, 'threshold'],
  [{ query: 'q', documents: ['a'], threshold: '0.5' }, 'threshold'],
  [{ query: 'q', documents: ['a'], rawScores: 1 }, 'rawScores'],
  [{ query: 'q', documents: ['a'], onUnavailable: 'ignore' }, 'onUnavailable'],
  [{ query: 'q', documents: ['a'], customAttributes: 'caf\u00e9' }, 'customAttributes'],
  [{ query: 'q', documents: ['a'], customAttributes: 'x'.repeat(1025) }, 'customAttributes'],
  [{ query: 'q', documents: ['a'], inferenceComponentName: 'a_b' }, 'inferenceComponentName'],
  [{ query: 'q', documents: ['a'], targetModel: ' tiny' }, 'targetModel'],
  [{ query: 'q', documents: ['a'], inferenceId: '' }, 'inferenceId'],
])('refuses %j at %s', (request, path) => {
  const issues = issuesOf(request);
  expect(issues.map((issue) => issue.path)).toEqual([path]);
  expect(issues[0]!.message).toMatch(/^must /);
});

it('names all fields at fault, and of many documents the first ten', () => {
  expect(issuesOf({ topN: 0 }).map((issue) => issue.path)).toEqual(['query', 'topN']);
  expect(issuesOf({ query: 'q', documents: Array.from({ length: 50 }, () => 1) })).toHaveLength(10);
});

it('quotes no document in its message', () => {
  const issues = issuesOf({ query: 'q', documents: [{ body: 'private words' }] });
  expect(JSON.stringify(issues)).not.toContain('private');
});
