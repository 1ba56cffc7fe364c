import { getSystemErrorMap } from 'node:util';

/** A command line that cannot be carried out: the message says what was given and what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Why the system refused something, in words: `no such file or directory` rather than ENOENT. */
export function systemReason(error: unknown): string {
  const { errno, message } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  return known ? known[1] : message;
}

/** One line for the terminal. The stack of an unexpected error is shown too: it is a fault of this program. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as { code?: unknown }).code;
  const expected = error.name !== 'Error' && error.name !== 'TypeError' && error.name !== 'RangeError';
  if (expected || typeof code === 'string') return error.message;
  return error.stack ?? error.message;
}
