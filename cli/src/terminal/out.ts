import { harmless } from './text.js';

/** What a terminal reads as more than text, beside what JSON escapes itself. */
const UNESCAPED = /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text and an end of line, to standard output. */
export function print(text: string): void {
  process.stdout.write(`${harmless(text, true)}\n`);
}

/** A text and an end of line, to standard error: what is told beside the result. */
export function tell(text: string): void {
  process.stderr.write(`${harmless(text)}\n`);
}

/** JSON that a terminal can be given: the same value, with control characters escaped. */
export function json(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(
    UNESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
