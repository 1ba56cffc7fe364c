import { readFile } from 'node:fs/promises';
import { ModelError } from '@sagemaker-reranker/models';
import * as v from 'valibot';

/** An object without fields that are not named, at any depth. */
export const object = <T extends v.ObjectEntries>(entries: T) =>
  v.strictObject(entries, (issue) => {
    if (issue.expected === 'never') return `is not known (${Object.keys(entries).join(', ')})`;
    return issue.expected === 'Object' ? 'must be an object' : 'is missing';
  });

export const text = (what: string) => {
  const message = `must ${what}`;
  return v.pipe(v.string(message), v.nonEmpty(message));
};

export const whole = (least: number) => {
  const message = `must be a whole number of at least ${least}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message));
};

export const share = () => {
  const message = 'must be a number from 0 to 1';
  return v.pipe(v.number(message), v.minValue(0, message), v.maxValue(1, message));
};

/** Numbers of at least 0, or above it. */
export const amount = (zero: boolean) => {
  const message = zero ? 'must be a number of at least 0' : 'must be a number above 0';
  return v.pipe(v.number(message), v.finite(message), zero ? v.minValue(0, message) : v.gtValue(0, message));
};

export const oneOf = <const T extends readonly (string | number)[]>(values: T) =>
  v.picklist(values, `must be ${values.map((value) => JSON.stringify(value)).join(' or ')}`);

/**
 * Reads a JSON file by a schema.
 * @param faults what the schema cannot say of a value that has its form, a sentence each
 * @throws ModelError `config_invalid` naming every field that is missing, unknown or out of range.
 */
export async function readBySchema<S extends v.GenericSchema>(
  file: string,
  schema: S,
  faults: (value: v.InferOutput<S>) => string[],
): Promise<v.InferOutput<S>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const message = `${file} cannot be read as JSON: ${(cause as Error).message}`;
    throw new ModelError('config_invalid', message, file, { cause });
  }
  const result = v.safeParse(schema, value);
  const found = result.success
    ? faults(result.output)
    : result.issues.map((issue) => `${place(issue)} ${issue.message}`);
  if (found.length > 0) throw new ModelError('config_invalid', `${file}: ${found.join('; ')}`, file);
  return result.output;
}

/** `teachers[0].kind` */
const place = (issue: v.BaseIssue<unknown>): string =>
  v.getDotPath(issue)?.replace(/\.(\d+)(?=\.|$)/g, '[$1]') ?? 'the file';
