import { access, constants, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { CostError } from '../errors.js';
import type { Measurement } from '../types.js';
import { writeWhole } from '../whole-file.js';

/** `ml.c7i.xlarge-tiny-int8.json` */
export function resultFileName({ machine, model }: Pick<Measurement, 'machine' | 'model'>): string {
  const name = model.name.replaceAll(/[^\w.-]+/g, '-');
  return `${machine.name}-${name}-${model.precision}.json`;
}

/**
 * The file that `out` means: itself, or `name` in it where it is a directory. Known to be writable, so that nobody
 * measures for minutes and then learns that the result has no place.
 * @throws CostError
 */
export async function resultFile(out: string | undefined, name: string): Promise<string> {
  const given = path.resolve(out ?? '.');
  const directory = out === undefined || /[/\\]$/.test(out) || (await isDirectory(given));
  const file = directory ? path.join(given, name) : given;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await access(path.dirname(file), constants.W_OK);
  } catch (error) {
    throw new CostError(`${file} cannot be written: ${(error as Error).message}`);
  }
  if (await isDirectory(file)) throw new CostError(`${file} is a directory; --out names a file`);
  return file;
}

/** @throws CostError where the file cannot be written; what was there is left. */
export function writeMeasurement(file: string, measurement: Measurement): Promise<void> {
  return writeWhole(file, `${JSON.stringify(measurement, null, 2)}\n`);
}

async function isDirectory(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
