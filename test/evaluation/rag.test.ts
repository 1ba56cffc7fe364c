import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { evaluate } from '../../evaluation/src/evaluate.js';
import { RAG_CUTOFF, readRag } from '../../evaluation/src/rag.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'rag-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const file = async (name: string, content: unknown): Promise<string> => {
  const target = path.join(directory, name);
  await writeFile(target, typeof content === 'string' ? content : JSON.stringify(content));
  return target;
};

const dataset = {
  queries: { q1: 'what lifts', q2: 'what drags' },
  corpus: Object.fromEntries(['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'].map((id) => [id, `text ${id}`])),
  relevant_docs: { q1: ['n2'], q2: ['n5', 'n6'] },
  mode: 'text',
};

describe('readRag', () => {
  it('reads the dataset LlamaIndex saves', async () => {
    const collection = await readRag(await file('qa.json', dataset));
    expect(collection.name).toBe('qa.json');
    expect(collection.documents.get('n1')).toEqual({ id: 'n1', text: 'text n1' });
    expect([...collection.queries.values()]).toEqual(['what lifts', 'what drags']);
    expect(collection.qrels.get('q2')).toEqual(
      new Map([
        ['n5', 1],
        ['n6', 1],
      ]),
    );
  });

  it('reads lines of query and expected ids beside a corpus', async () => {
    const corpus = await file('corpus.jsonl', '{"_id":"a","text":"x"}\n{"id":"b","text":"y"}\n');
    const pairs = await file('pairs.jsonl', '\n{"query":"why","expected_ids":["b"]}\n');
    const collection = await readRag(pairs, { corpus });
    expect([...collection.queries]).toEqual([['2', 'why']]);
    expect(collection.qrels.get('2')).toEqual(new Map([['b', 1]]));
  });

  it('gives hit rate and MRR as LlamaIndex defines them, worked by hand', async () => {
    const collection = await readRag(await file('qa.json', dataset));
    // q1 finds its document at rank 3 of 5; the first of q2's two is at rank 6, beyond the prompt.
    const order = (ids: string[]): { id: string; score: number }[] => ids.map((id, i) => ({ id, score: -i }));
    const run = new Map([
      ['q1', order(['n0', 'n1', 'n2'])],
      ['q2', order(['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'])],
    ]);
    const [{ systems }] = await evaluate(collection, [{ name: 'first', run }], [], { cutoff: RAG_CUTOFF });
    expect(systems[0].metrics.hitRate).toBe(0.5);
    expect(systems[0].metrics.mrr).toBeCloseTo(1 / 3 / 2, 12);
  });

  it('names what is malformed', async () => {
    const reading = (content: unknown): Promise<unknown> =>
      file('bad.json', content).then((name) => readRag(name));
    await expect(reading('{"query":"a"}\n{"query":"b"}')).rejects.toThrow('need a corpus file');
    await expect(reading({ queries: {}, corpus: [] })).rejects.toThrow(
      '"corpus" must be an object; a dataset has queries, corpus and relevant_docs',
    );
    const relevant_docs = { q1: ['nowhere'], q9: ['n1'], q2: [] };
    await expect(reading({ ...dataset, relevant_docs })).rejects.toThrow(
      '3 malformed entries: ' +
        [
          '.q1 names unknown document "nowhere"',
          ' names unknown query "q9"',
          '.q2 must be a list of at least one id',
        ]
          .map((fault) => `${path.join(directory, 'bad.json')}: relevant_docs${fault}`)
          .join('; '),
    );
    await expect(reading({ ...dataset, relevant_docs: {} })).rejects.toThrow('has no judgements');
    await expect(readRag(path.join(directory, 'none.json'))).rejects.toMatchObject({
      code: 'collection_missing',
    });
    const corpus = await file('corpus.jsonl', '{"_id":"a","text":"x"}\n{"_id":"a","text":"y"}\n7\n');
    const pairs = await file(
      'pairs.jsonl',
      '{"query":"","expected_ids":["a"]}\n{"query":"q","expected_ids":["z"]}\n',
    );
    await expect(readRag(pairs, { corpus })).rejects.toMatchObject({
      code: 'collection_invalid',
      details: { count: 4 },
    });
    await expect(readRag(pairs, { corpus: path.join(directory, 'none.jsonl') })).rejects.toMatchObject({
      code: 'collection_missing',
    });
  });
});
