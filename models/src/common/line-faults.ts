/** A line, or an entry of a file that is one object, that is not what its file should hold. */
export interface LineFault {
  readonly file: string;
  /** From 1; absent for an entry of one object, whose reason says which. */
  readonly line?: number;
  readonly reason: string;
}

/** Faults that a message spells out; it counts the rest. */
const SHOWN = 5;

/** `3 malformed lines: FILE:LINE: reason; ...`, the first few spelled out. */
export function describeFaults(faults: readonly LineFault[]): string {
  const shown = faults
    .slice(0, SHOWN)
    .map(({ file, line, reason }) => `${file}${line === undefined ? '' : `:${line}`}: ${reason}`);
  const rest = faults.length - shown.length;
  const unit = faults.every(({ line }) => line === undefined) ? ['entry', 'entries'] : ['line', 'lines'];
  const count = `${faults.length} malformed ${unit[faults.length === 1 ? 0 : 1]}`;
  return `${count}: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
