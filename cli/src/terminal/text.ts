import pico from 'picocolors';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/** Columns that a text takes: 2 for most Chinese, Japanese and Korean characters and emoji, 0 for combining marks. */
export const widthOf = stringWidth;

/** Columns to write in: COLUMNS, else the terminal's, else undefined: a file or pipe takes lines of any length. */
export function terminalWidth(): number | undefined {
  const asked = Number(process.env.COLUMNS);
  return Number.isInteger(asked) && asked >= 20 ? asked : process.stdout.columns;
}

/** Colours of standard output: none without a terminal and with NO_COLOR, always with FORCE_COLOR. */
export const colour = pico.createColors(
  pico.isColorSupported && (process.stdout.isTTY || process.env.FORCE_COLOR !== undefined),
);

// An escape sequence as a whole: operating system commands with their text, control sequences, two-character ones.
const SEQUENCES =
  /(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g;
// Other control characters, and those that turn the direction of the text around them.

const CONTROLS =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text of unknown origin as one line that a terminal can be given: without what would move its cursor or set its title. */
export function plain(text: string): string {
  return text.replace(SEQUENCES, '').replace(CONTROLS, '').replace(/\s+/g, ' ').trim();
}

// What this command makes its own text bold, dim, red and green with.
const STYLES = /^\u001b\[(?:1|2|22|31|32|39)m$/;

/**
 * A text of several lines, with some words of unknown origin, without what {@link plain} takes out.
 * @param styled whether it may be bold, dim, red and green
 */
export function harmless(text: string, styled = false): string {
  return text
    .replace(SEQUENCES, (sequence) => (styled && STYLES.test(sequence) ? sequence : ''))
    .replace(CONTROLS, (character) => (styled && character === '\u001b' ? character : ''))
    .replace(/\r(?!\n)/g, ' ');
}

/** A text whose lines over the terminal's width are broken between words. */
export function wrapped(text: string, width = terminalWidth()): string {
  if (width === undefined) return text;
  const lines = text.split('\n');
  return lines.map((line) => (widthOf(line) > width ? wrapAnsi(line, width) : line)).join('\n');
}
