import fc from 'fast-check';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readTrecRun, writeTrecRun } from '../../evaluation/src/trec.js';

let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'trec-'));
  file = path.join(directory, 'x.run');
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('TREC runs', () => {
  it('reads six fields whatever the white space, and orders by score alone', async () => {
    await writeFile(file, 'q1 Q0 d1 1 0.5 bm25\nq1\tQ0\td2\t2\t7e-1\tbm25\n\nq2 Q0 d1 1 -3 bm25\r\n');
    const { run, tag } = await readTrecRun(file);
    expect(tag).toBe('bm25');
    expect(run).toEqual(
      new Map([
        [
          'q1',
          [
            { id: 'd1', score: 0.5 },
            { id: 'd2', score: 0.7 },
          ],
        ],
        ['q2', [{ id: 'd1', score: -3 }]],
      ]),
    );
  });

  it('writes ranks by falling score, ties by falling id, and a tag of one word', async () => {
    const documents = [
      { id: 'a', score: 1 },
      { id: 'b', score: 2 },
      { id: 'c', score: 1 },
    ];
    await writeTrecRun(file, new Map([['q', documents]]), 'my model');
    expect(await readFile(file, 'utf8')).toBe(
      'q Q0 b 1 2 my-model\nq Q0 c 2 1 my-model\nq Q0 a 3 1 my-model\n',
    );
  });

  it('reads back what it wrote, to the bit', async () => {
    const scores = fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 1,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(scores, async (list) => {
        const documents = list.map((score, i) => ({ id: `d${i}`, score: score + 0 }));
        await writeTrecRun(file, new Map([['q', documents]]), 't');
        const back = new Map((await readTrecRun(file)).run.get('q')!.map(({ id, score }) => [id, score]));
        expect(back).toEqual(new Map(documents.map(({ id, score }) => [id, score])));
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  it('names malformed lines by file and line', async () => {
    await writeFile(file, 'q1 Q0 d1 1 0.5 t\nq1 Q0 d1 2 0.4 t\nq1 d2 2\nq1 Q0 d3 3 high t\n');
    await expect(readTrecRun(file)).rejects.toMatchObject({
      code: 'run_invalid',
      message:
        `3 malformed lines: ${file}:2: document "d1" is there twice for query "q1"; ` +
        `${file}:3: has 3 fields, not the 6 of "query Q0 document rank score tag"; ` +
        `${file}:4: score "high" is not a number`,
    });
    await writeFile(file, '\n');
    await expect(readTrecRun(file)).rejects.toMatchObject({ code: 'run_invalid' });
  });
});
