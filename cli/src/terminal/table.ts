import Table from 'cli-table3';
import { colour, plain, terminalWidth, widthOf } from './text.js';

/** A column: its heading, whether its cells are numbers (set flush right), and the width that is enough for it. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  readonly most?: number;
}

type Row = readonly string[];

const GAP = 2;
/** A column of words is not made narrower than this. */
const LEAST = 12;
const NO_LINES = Object.fromEntries(
  'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid'
    .split(' ')
    .map((name) => [name, '']),
);

export const right = (heading: string): Column => ({ heading, align: 'right' });

/**
 * Rows under their headings, in the width there is. Columns of words give way first, then headings are wrapped; where the
 * numbers alone do not fit, each row becomes a list. Cells are cleaned of control characters and made one line.
 */
export function table(columns: readonly Column[], rows: readonly Row[], width = terminalWidth()): string {
  const cells = rows.map((row) => row.map(plain));
  const widths = fit(columns, cells, width ?? Infinity);
  return widths ? grid(columns, widths, cells, true) : list(columns, cells);
}

/** As {@link table}, for more rows than are held at once: widths are taken from the columns' `most` alone. */
export function* tableInParts(
  columns: readonly Column[],
  parts: Iterable<readonly Row[]>,
): Generator<string, void> {
  const all = columns.map(({ heading, most = LEAST }) => Math.max(most, widthOf(heading)));
  const widest = terminalWidth() ?? Infinity;
  const over = all.reduce((sum, width) => sum + width + GAP, -GAP) - widest;
  const last = all.length - 1;
  const widths = all.map((width, i) => (i === last && over > 0 ? Math.max(LEAST, width - over) : width));
  let first = true;
  for (const rows of parts) {
    yield grid(
      columns,
      widths,
      rows.map((row) => row.map(plain)),
      first,
    );
    first = false;
  }
}

function fit(columns: readonly Column[], rows: readonly Row[], width: number): number[] | undefined {
  const longest = (i: number): number => rows.reduce((most, row) => Math.max(most, widthOf(row[i] ?? '')), 1);
  const words = columns.map(({ heading }) => Math.max(...heading.split(' ').map(widthOf)));
  const bodies = columns.map(({ most = Infinity }, i) => Math.min(longest(i), most));
  const widths = columns.map(({ heading }, i) => Math.max(bodies[i]!, widthOf(heading)));
  const total = (): number => widths.reduce((sum, each) => sum + each + GAP, -GAP);
  const narrow = (least: (i: number) => number, of: (column: Column) => boolean): void => {
    while (total() > width) {
      const able = columns.flatMap((column, i) => (of(column) && widths[i]! > least(i) ? [i] : []));
      const widest = able.sort((a, b) => widths[b]! - widths[a]!)[0];
      if (widest === undefined) return;
      widths[widest] = widths[widest]! - 1;
    }
  };
  narrow(
    (i) => Math.max(LEAST, words[i]!),
    ({ align }) => align !== 'right',
  );
  narrow(
    (i) => Math.max(bodies[i]!, words[i]!),
    ({ align }) => align === 'right',
  );
  return total() <= width ? widths : undefined;
}

function grid(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly Row[],
  head: boolean,
): string {
  // Cut to the column here: the library would wrap at the same width.
  const cut = (row: Row): string[] => row.map((cell, i) => clip(cell, widths[i]!));
  const drawn = new Table({
    chars: { ...NO_LINES, middle: '' },
    colWidths: widths.map((width, i) => width + (i < widths.length - 1 ? GAP : 0)),
    colAligns: columns.map(({ align = 'left' }) => align),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    wordWrap: true,
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
    drawn.push(columns.map(({ heading }, i) => pad(wrapped(heading, widths[i]!), i)));
    drawn.push(columns.map((_, i) => pad('-'.repeat(widths[i]!), i)));
  }
  for (const row of rows) drawn.push(cut(row).map(pad));
  const lines = drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const rule = head ? lines.findIndex((line) => /^[- ]*-[- ]*$/.test(line)) : -1;
  return lines.map((line, i) => (i <= rule ? colour.dim(line) : line)).join('\n');
}

function list(columns: readonly Column[], rows: readonly Row[]): string {
  const width = Math.max(...columns.map(({ heading }) => widthOf(heading)));
  return rows
    .map((row) =>
      row.map((cell, i) => `${colour.dim(columns[i]!.heading.padEnd(width))}  ${cell}`.trimEnd()).join('\n'),
    )
    .join('\n\n');
}

function wrapped(heading: string, width: number): string {
  const lines: string[] = [];
  for (const word of heading.split(' ')) {
    const joined = lines.length > 0 ? `${lines.at(-1)!} ${word}` : word;
    if (lines.length > 0 && widthOf(joined) <= width) lines[lines.length - 1] = joined;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** The beginning of a line that is too wide, with an ellipsis. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += widthOf(segment);
    if (used > width) break;
    cut += segment;
  }
  return `${cut.trimEnd()}…`;
}
