/** A column of a table: its heading, whether its cells are numbers (set flush right), and the width to cut them at. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  readonly most?: number;
}

/** Rows as aligned text with a rule under the headings. Cells are made one line and cut to their column. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell, i) => clip(cell, columns[i].most ?? Infinity)));
  const widths = columns.map(({ heading }, i) =>
    cells.reduce((width, row) => Math.max(width, row[i].length), heading.length),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (columns[i].align === 'right' ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd();
  return [
    line(columns.map(({ heading }) => heading)),
    line(widths.map((n) => '-'.repeat(n))),
    ...cells.map(line),
  ].join('\n');
}

function clip(text: string, most: number): string {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
}
