import type { Truncation } from '../engine/index.js';
import { RequestError } from '../errors.js';
import type { CodecLimits } from './codec.js';

/** Faults spelled out in an answer; a request of 10,000 wrong documents gets the first few and their number. */
const LISTED = 10;

export type Fields = Readonly<Record<string, unknown>>;

/** Collects what is wrong with a body, so that a caller learns of several faults at once. */
export class Faults {
  private readonly listed: { path: string; message: string }[] = [];
  private total = 0;

  add(path: string, message: string): void {
    this.total += 1;
    if (this.listed.length < LISTED) this.listed.push({ path, message });
  }

  /** @throws RequestError `invalid_request`, details `{ path, faults: [{ path, message }], total }`. */
  throwIfAny(): void {
    const first = this.listed[0];
    if (first === undefined) return;
    const more = this.total > 1 ? ` (and ${this.total - 1} more)` : '';
    throw new RequestError('invalid_request', `${first.path} ${first.message}${more}`, {
      path: first.path,
      faults: this.listed,
      total: this.total,
    });
  }
}

/**
 * The JSON object in a body.
 * @throws RequestError `invalid_json` where it is no JSON; `invalid_request` where it is no object.
 */
export function parseObject(body: Buffer): Fields {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    // V8 quotes the text around the fault: only the position may go into an answer that platforms log.
    const position = /at position (\d+)/.exec((cause as Error).message)?.[1];
    throw new RequestError(
      'invalid_json',
      body.length === 0 ? 'the body is empty; it must be a JSON object' : 'the body is not valid JSON',
      position === undefined ? {} : { position: Number(position) },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new RequestError('invalid_request', `the body is ${kindOf(value)}; it must be a JSON object`, {
    path: '',
  });
}

/** A JSON value's type in words, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}

/** A text given as a string or as `{ text }`; anything else is a fault, and ''. */
export function textField(value: unknown, path: string, faults: Faults): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const text = Object.hasOwn(value, 'text') ? (value as Fields).text : undefined;
    if (typeof text === 'string') return text;
    faults.add(`${path}.text`, `is ${kindOf(text)}; it must be a string`);
    return '';
  }
  faults.add(path, `is ${kindOf(value)}; it must be a string or an object with a string "text"`);
  return '';
}

export function booleanField(fields: Fields, name: string, fallback: boolean, faults: Faults): boolean {
  const value = fields[name];
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  faults.add(name, `is ${kindOf(value)}; it must be true or false`);
  return fallback;
}

/** A whole number of at least `least`; absent or null is undefined. */
export function countField(fields: Fields, name: string, faults: Faults, least = 1): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
  const given = typeof value === 'number' ? String(value) : kindOf(value);
  faults.add(name, `is ${given}; it must be a whole number of at least ${least}`);
  return undefined;
}

/** One of a few words; absent or null is the first of them. */
export function choiceField<T extends string>(
  fields: Fields,
  name: string,
  choices: readonly [T, ...T[]],
  faults: Faults,
): T {
  const value = fields[name];
  if (value === undefined || value === null) return choices[0];
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  // The value itself is the caller's text and stays out of the answer.
  const given = typeof value === 'string' ? 'none of them' : kindOf(value);
  faults.add(name, `is ${given}; it must be one of ${choices.join(', ')}`);
  return choices[0];
}

/** The query, as a string or `{ text }`. */
export function queryField(value: unknown, path: string, faults: Faults): string {
  const query = textField(value, path, faults);
  const isText = typeof value === 'string' || typeof (value as { text?: unknown } | null)?.text === 'string';
  // A query of white space has no tokens to compare with.
  if (isText && query.trim() === '') faults.add(path, 'is empty; it must hold text');
  return query;
}

/**
 * The documents, of at least one, each read by `read`.
 * @throws RequestError `too_many_documents`, before any of them is looked at.
 */
export function documentsField(
  value: unknown,
  path: string,
  limits: CodecLimits,
  faults: Faults,
  read: (document: unknown, path: string, faults: Faults) => string = textField,
): string[] {
  if (!Array.isArray(value)) {
    faults.add(path, `is ${kindOf(value)}; it must be an array`);
    return [];
  }
  if (value.length === 0) faults.add(path, 'is empty; it must hold at least one document');
  if (value.length > limits.maxDocuments) {
    throw new RequestError(
      'too_many_documents',
      `${path} holds ${value.length}; at most ${limits.maxDocuments} are allowed`,
      { path, given: value.length, limit: limits.maxDocuments },
    );
  }
  return value.map((document, index) => read(document, `${path}[${index}]`, faults));
}

/** A field that is only checked: the container has one model, whatever its name. */
export function checkModel(fields: Fields, faults: Faults): void {
  const { model } = fields;
  if (model === undefined || model === null || typeof model === 'string') return;
  faults.add('model', `is ${kindOf(model)}; it must be a string`);
}

/** What this project adds to every format: `max_tokens_per_doc` and `long_documents`, and `truncate` where it is free. */
export function truncationFields(
  fields: Fields,
  faults: Faults,
  truncate: Truncation['truncate'] = choiceField(fields, 'truncate', ['right', 'left', 'error'], faults),
): Truncation {
  const maxTokensPerDocument = countField(fields, 'max_tokens_per_doc', faults);
  const longDocuments = choiceField(fields, 'long_documents', ['truncate', 'max_passage'], faults);
  return { truncate, longDocuments, ...(maxTokensPerDocument !== undefined && { maxTokensPerDocument }) };
}
