import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { resultFile, resultFileName, writeMeasurement } from '../../../cost/src/measure/result-file.js';
import type { Measurement } from '../../../cost/src/types.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), 'measure-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

const measurement = {
  format: 2,
  machine: { name: 'ml.c7i.xlarge' },
  model: { name: 'tiny', precision: 'int8' },
} as Measurement;

test('a result is named by its machine and model', async () => {
  const name = resultFileName(measurement);
  expect(name).toBe('ml.c7i.xlarge-tiny-int8.json');
  const model = { ...measurement.model, name: 'our own/model' };
  expect(resultFileName({ ...measurement, model })).toBe('ml.c7i.xlarge-our-own-model-int8.json');
  expect(await resultFile(directory, name)).toBe(path.join(directory, name));
  expect(await resultFile(`${directory}/new/`, name)).toBe(path.join(directory, 'new', name));
  expect(await resultFile(path.join(directory, 'mine.json'), name)).toBe(path.join(directory, 'mine.json'));
  expect(await resultFile(undefined, name)).toBe(path.resolve(name));
});

test('a place that cannot be written is known before anything is measured', async () => {
  const file = path.join(directory, 'file');
  await writeFile(file, '');
  await expect(resultFile(path.join(file, 'out.json'), 'x')).rejects.toThrow(/out\.json cannot be written/);
});

test('a result is written whole, in place of an older one, and leaves nothing beside it', async () => {
  const file = path.join(directory, 'r.json');
  await writeFile(file, 'old');
  await writeMeasurement(file, measurement);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(measurement);
  expect(await readdir(directory)).toEqual(['r.json']);
});

test('a result that cannot be written leaves what was there', async () => {
  // A directory in the place of the file: the last step fails.
  await expect(writeMeasurement(directory, measurement)).rejects.toThrow(/cannot be written/);
  expect(await readdir(path.dirname(directory))).not.toContainEqual(
    expect.stringContaining(`${path.basename(directory)}.part-`),
  );
});
