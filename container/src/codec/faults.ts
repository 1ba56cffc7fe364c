import { RequestError } from '../errors.js';

/** Faults spelled out in an answer; a request of 10,000 wrong documents gets the first few and their number. */
const LISTED = 10;

/** Collects what is wrong with a body, so that a caller learns of several faults at once. */
export class Faults {
  readonly #listed: { path: string; message: string }[] = [];
  #total = 0;
  #empty = 0;

  add(path: string, message: string): void {
    this.#total += 1;
    if (this.#listed.length < LISTED) this.#listed.push({ path, message });
  }

  /** Notes that a text or list that is there holds nothing. */
  addEmpty(path: string, wanted: string): void {
    this.#empty += 1;
    this.add(path, `is empty; it must hold ${wanted}`);
  }

  /** @throws RequestError `invalid_request`, details `{ path, faults: [{ path, message }], total }`. */
  throwIfAny(): void {
    const first = this.#listed[0];
    if (first === undefined) return;
    const more = this.#total > 1 ? ` (and ${this.#total - 1} more)` : '';
    throw new RequestError('invalid_request', `${first.path} ${first.message}${more}`, {
      path: first.path,
      faults: this.#listed,
      total: this.#total,
      ...(this.#empty === this.#total && { empty: true }),
    });
  }
}

/** A JSON value's type in words, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
