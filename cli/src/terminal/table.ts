import Table from 'cli-table3';
import { colour, plain, terminalWidth, widthOf } from './text.js';

/** A column: its heading, whether its cells are numbers (set flush right), and the width at which its cells are cut. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Without it cells are wrapped. */
  readonly most?: number;
}

type Row = readonly string[];

const GAP = 2;
/** A column of words is not made narrower than the first while numbers can be wrapped, and never than the second. */
const [EASY, LEAST] = [20, 12];
const NO_LINES = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid'
    .split(' ')
    .map((name) => [name, '']),
);

export const right = (heading: string): Column => ({ heading, align: 'right' });

/**
 * Rows under their headings, in the width there is. Columns of words give way first, then headings and numbers are wrapped;
 * where nothing helps, each row becomes a paragraph. Cells are cleaned of control characters.
 */
export function table(columns: readonly Column[], rows: readonly Row[], width = terminalWidth()): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = fit(columns, cells, width ?? Infinity);
  return widths ? grid(columns, widths, cells, true) : paragraphs(columns, cells, width ?? Infinity);
}

/** As {@link table}, for more rows than are held at once: widths are taken from the columns' `most` alone. */
export function* tableInParts(
  columns: readonly Column[],
  parts: Iterable<readonly Row[]>,
): Generator<string, void> {
  const widest = columns.map(({ most = LEAST }) => 'x'.repeat(most));
  const width = terminalWidth() ?? Infinity;
  const widths = fit(columns, [widest], width);
  let first = true;
  for (const rows of parts) {
    const cells = rows.map((row) => row.map(plain));
    yield widths && widths.at(-1)! >= Math.min(EASY, widest.at(-1)!.length)
      ? grid(columns, widths, cells, first)
      : paragraphs(columns, cells, width);
    first = false;
  }
}

function fit(columns: readonly Column[], rows: readonly Row[], width: number): number[] | undefined {
  const longest = (i: number, of: (cell: string) => number): number =>
    rows.reduce((most, row) => Math.max(most, of(row[i] ?? '')), 1);
  const words = columns.map(({ heading }) => longestPiece(heading));
  const bodies = columns.map(({ most = Infinity }, i) => Math.min(longest(i, widthOf), most));
  const widths = columns.map(({ heading }, i) => Math.max(bodies[i]!, widthOf(heading)));
  const total = (): number => widths.reduce((sum, each) => sum + each + GAP, -GAP);
  const narrow = (align: Column['align'], least: (i: number) => number): void => {
    while (total() > width) {
      const able = columns.flatMap((column, i) =>
        (column.align === 'right') === (align === 'right') && widths[i]! > Math.max(least(i), words[i]!)
          ? [i]
          : [],
      );
      const widest = able.sort((a, b) => widths[b]! - widths[a]!)[0];
      if (widest === undefined) return;
      widths[widest] = widths[widest]! - 1;
    }
  };
  narrow('left', () => EASY);
  narrow('right', (i) => bodies[i]!);
  narrow('right', (i) => longest(i, longestPiece));
  narrow('left', () => LEAST);
  return total() <= width ? widths : undefined;
}

function grid(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly Row[],
  head: boolean,
): string {
  const fitted = (row: Row): string[] =>
    row.map((cell, i) => {
      const { align, most } = columns[i]!;
      // Lines that go on are indented: rows have nothing else between them.
      return most === undefined
        ? broken(cell, widths[i]!, align === 'right' ? 0 : GAP)
        : clip(cell, widths[i]!);
    });
  const drawn = new Table({
    chars: { ...NO_LINES, middle: '' },
    colWidths: widths.map((width, i) => width + (i < widths.length - 1 ? GAP : 0)),
    colAligns: columns.map(({ align = 'left' }) => align),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
  });
  const pad = (cell: string, i: number): { content: string; hAlign: 'left' | 'right' } => {
    const { align = 'left' } = columns[i]!;
    const gap = i < widths.length - 1 ? ' '.repeat(GAP) : '';
    return {
      content:
        align === 'right'
          ? cell
              .split('\n')
              .map((line) => line + gap)
              .join('\n')
          : cell,
      hAlign: align,
    };
  };
  if (head) {
    drawn.push(columns.map(({ heading }, i) => pad(broken(heading, widths[i]!, 0), i)));
    drawn.push(columns.map((_, i) => pad('-'.repeat(widths[i]!), i)));
  }
  for (const row of rows) drawn.push(fitted(row).map(pad));
  const lines = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const rule = head ? lines.findIndex((line) => /^[- ]*-[- ]*$/.test(line)) : -1;
  return lines.map((line, i) => (i <= rule ? colour.dim(line) : line)).join('\n');
}

/** Each row as its first cell, and the others behind their headings. */
function paragraphs(columns: readonly Column[], rows: readonly Row[], width: number): string {
  return rows
    .map((row) => {
      const [first = '', ...others] = row.map((cell, i) => clip(cell, columns[i]!.most ?? Infinity));
      const named = others.map((cell, i) => `${columns[i + 1]!.heading} ${cell === '' ? '-' : cell}`);
      const indent = ' '.repeat(GAP);
      const lines = broken(named.join('; '), width - GAP, 0).replaceAll('\n', `\n${indent}`);
      return `${colour.bold(broken(first, width, GAP))}\n${indent}${lines}`;
    })
    .join('\n');
}

/** A text in lines of a width: broken after blanks, where a word is too long after `/` and `-`, else anywhere. */
function broken(text: string, width: number, indent: number): string {
  if (widthOf(text) <= width) return text;
  const lines = [''];
  const room = (): number => width - (lines.length > 1 ? indent : 0);
  const add = (piece: string): void => {
    const line = lines.at(-1)!;
    if (widthOf((line + piece).trimEnd()) <= room()) lines[lines.length - 1] = line + piece;
    else if (line !== '') {
      lines.push('');
      add(piece);
    } else {
      const smaller = piece.split(/(?<=[/-])(?=.)/);
      const segments = segmentsOf(piece);
      if (segments.length < 2) lines[lines.length - 1] = piece;
      else for (const part of smaller.length > 1 ? smaller : segments) add(part);
    }
  };
  for (const word of text.split(/(?<= )/)) add(word);
  return lines.map((line, i) => ' '.repeat(i > 0 ? indent : 0) + line.trimEnd()).join('\n');
}

const segmentsOf = (text: string): string[] =>
  [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);

const longestPiece = (text: string): number => Math.max(...text.split(' ').map(widthOf));

/** The beginning of a line that is too wide, with an ellipsis. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let used = 1;
  for (const segment of segmentsOf(text)) {
    used += widthOf(segment);
    if (used > width) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}
