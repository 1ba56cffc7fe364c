import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bm25FirstStage, trecFirstStage } from '../../evaluation/src/first-stage.js';
import { writeTrecRun } from '../../evaluation/src/trec.js';
import { writeWhole } from '../../evaluation/src/whole-file.js';

const collection = {
  name: 'small',
  documents: new Map(['d1', 'd2'].map((id) => [id, { id, text: `wing of ${id}` }])),
  queries: new Map([['q1', 'wings']]),
  qrels: new Map([['q1', new Map([['d1', 1]])]]),
  faults: [],
};

let directory: string;
let file: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'first-stage-'));
  file = path.join(directory, 'x.run');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('first stages', () => {
  it('BM25 states its parameters', async () => {
    const { name, description, run } = await bm25FirstStage(collection, { k1: 1.2 });
    expect(name).toBe('BM25');
    expect(description).toBe(
      'k1 1.2, b 0.4; lower case, 33 English stop words of Lucene, Porter stemmer; title and text as one field',
    );
    expect(
      run
        .get('q1')!
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['d1', 'd2']);
  });

  it('a run file is named by its tag, and its unknown documents by their lines', async () => {
    await writeFile(file, 'q1 Q0 d2 1 2 dense\nq1 Q0 d9 2 1 dense\n');
    await expect(trecFirstStage(file, collection)).rejects.toMatchObject({
      code: 'run_invalid',
      message: `1 malformed line: ${file}:2: unknown document "d9": small does not hold it`,
    });
    const stage = await trecFirstStage(file, collection, { lenient: true });
    expect(stage).toMatchObject({ name: 'dense', description: `the run in ${file}` });
    expect(stage.run.get('q1')).toEqual([{ id: 'd2', score: 2 }]);
    expect(stage.faults).toHaveLength(1);
  });

  it('a run of other queries is refused', async () => {
    await writeFile(file, 'q7 Q0 d2 1 2 dense\n');
    await expect(trecFirstStage(file, collection)).rejects.toThrow(
      'has none of the 1 judged queries of small; its first query is "q7"',
    );
  });
});

describe('written files', () => {
  it('are whole or not there', async () => {
    await writeTrecRun(file, new Map([['q', [{ id: 'd', score: 1 }]]]), 't');
    expect(await readFile(file, 'utf8')).toBe('q Q0 d 1 1 t\n');
    const breaking = (function* (): Generator<string, void> {
      yield 'half';
      throw new Error('no space left on device');
    })();
    await expect(writeWhole(file, breaking)).rejects.toMatchObject({
      code: 'output_failed',
      message: `${file} cannot be written: no space left on device`,
    });
    expect(await readFile(file, 'utf8')).toBe('q Q0 d 1 1 t\n');
    expect(await readdir(directory)).toEqual(['x.run']);
    await expect(writeWhole(path.join(directory, 'none', 'x'), 'a')).rejects.toMatchObject({
      code: 'output_failed',
    });
  });
});
