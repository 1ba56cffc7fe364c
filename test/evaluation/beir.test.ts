import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readBeir } from '../../evaluation/src/beir.js';
import { EvaluationError } from '../../evaluation/src/errors.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'beir-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Files {
  corpus?: string[];
  queries?: string[];
  qrels?: Record<string, string[]>;
}

async function write(files: Files): Promise<void> {
  const {
    corpus = ['{"_id":"d1","title":"Wings","text":"lift"}', '{"_id":"d2","title":"","text":"drag"}'],
    queries = ['{"_id":"q1","text":"what lifts"}', '{"_id":"q2","text":"not judged"}'],
    qrels = { test: ['query-id\tcorpus-id\tscore', 'q1\td1\t2', 'q1\td2\t0'] },
  } = files;
  await mkdir(path.join(directory, 'qrels'), { recursive: true });
  await writeFile(path.join(directory, 'corpus.jsonl'), corpus.join('\n'));
  await writeFile(path.join(directory, 'queries.jsonl'), queries.join('\n'));
  for (const [name, lines] of Object.entries(qrels)) {
    await writeFile(path.join(directory, 'qrels', `${name}.tsv`), lines.join('\n'));
  }
}

const failure = async (...options: Parameters<typeof readBeir>): Promise<EvaluationError> => {
  const error = await readBeir(...options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EvaluationError);
  return error as EvaluationError;
};

describe('readBeir', () => {
  it('joins title and text, keeps grades and leaves out queries without judgements', async () => {
    await write({});
    const collection = await readBeir(directory);
    expect(collection.name).toBe(path.basename(directory));
    expect([...collection.documents.values()]).toEqual([
      { id: 'd1', text: 'Wings lift' },
      { id: 'd2', text: 'drag' },
    ]);
    expect([...collection.queries]).toEqual([['q1', 'what lifts']]);
    expect(collection.qrels.get('q1')).toEqual(
      new Map([
        ['d1', 2],
        ['d2', 0],
      ]),
    );
    expect(collection.faults).toEqual([]);
  });

  it('reads a qrels file without a header, with Windows line ends and a byte order mark', async () => {
    await write({ qrels: { dev: ['\uFEFFq1\td1\t1\r', ''] } });
    const collection = await readBeir(directory);
    expect(collection.qrels.get('q1')).toEqual(new Map([['d1', 1]]));
  });

  it('names every malformed line by file and line, and counts them', async () => {
    await write({
      corpus: [
        '{"_id":"d1","text":"lift"}',
        '{"_id":',
        '{"_id":7,"text":"x"}',
        '{"_id":"d1","text":"again"}',
        '{"_id":"d9"}',
        'null',
      ],
      qrels: {
        test: ['q1\td1\t1', 'q1 d1 1', 'q1\td1\tone', 'q1\td1\t1', 'q1\tnowhere\t1', 'nobody\td1\t1'],
      },
    });
    const error = await failure(directory);
    expect(error.code).toBe('collection_invalid');
    expect(error.message).toContain('10 malformed lines');
    expect(error.message).toContain(`${path.join(directory, 'corpus.jsonl')}:2: not JSON`);
    expect(error.message).toContain('and 5 more');
    const lines = (error.details.faults as { file: string; line: number; reason: string }[]).map(
      ({ file, line, reason }) => `${path.basename(file)}:${line} ${reason}`,
    );
    expect(lines.slice(1)).toEqual([
      'corpus.jsonl:3 "_id" must be a non-empty string',
      'corpus.jsonl:4 "_id" "d1" is there twice',
      'corpus.jsonl:5 "text" must be a string',
      'corpus.jsonl:6 "_id" must be a non-empty string',
      'test.tsv:2 must be query id, document id and an integer grade, separated by tabs',
      'test.tsv:3 must be query id, document id and an integer grade, separated by tabs',
      'test.tsv:4 "q1" and "d1" judged twice',
      'test.tsv:5 unknown document "nowhere"',
      'test.tsv:6 unknown query "nobody"',
    ]);
  });

  it('leaves malformed lines out and reports them when lenient', async () => {
    await write({ qrels: { test: ['q1\td1\t1', 'q1\tnowhere\t1'] } });
    const collection = await readBeir(directory, { lenient: true });
    expect(collection.faults.map(({ line }) => line)).toEqual([2]);
    expect(collection.qrels.get('q1')!.size).toBe(1);
  });

  it('says which part is missing or empty', async () => {
    expect((await failure(path.join(directory, 'none'))).message).toContain('corpus.jsonl is missing');
    await write({ corpus: [], qrels: { test: [] } });
    const error = await failure(directory);
    expect(error.code).toBe('collection_invalid');
    expect(error.message).toContain('has no documents');
  });

  it.each([{}, { lenient: true }])(
    'names the empty file, not the judgements that refer to it: %j',
    async (options) => {
      for (const [part, what] of [
        ['corpus', 'documents'],
        ['queries', 'queries'],
      ] as const) {
        await write({ [part]: [] });
        const { message } = await failure(directory, options);
        expect(message).toBe(`${path.join(directory, `${part}.jsonl`)} has no ${what}`);
      }
    },
  );

  it.each([{}, { lenient: true }])('refuses judgements that call nothing relevant: %j', async (options) => {
    await write({ qrels: { test: ['q1\td1\t0', 'q1\td2\t-1'] } });
    const error = await failure(directory, options);
    expect(error.code).toBe('collection_invalid');
    expect(error.message).toBe(
      `${directory} judges no document relevant: every grade is 0 or less, so every figure would be 0`,
    );
  });

  it('picks the split: the only one, else test, else the one asked for', async () => {
    await write({ qrels: { dev: ['q1\td1\t1'], test: ['q1\td2\t1'] } });
    expect((await readBeir(directory)).qrels.get('q1')!.has('d2')).toBe(true);
    expect((await readBeir(directory, { split: 'dev' })).qrels.get('q1')!.has('d1')).toBe(true);
    const error = await failure(directory, { split: 'train' });
    expect(error.message).toMatch(/train\.tsv is missing; there: dev, test/);
  });
});
