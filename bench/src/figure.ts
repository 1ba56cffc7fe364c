/** What a figure is held against: a bound of the same unit, from above or from below. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

/** One measured figure. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `x` for a ratio, else the unit as written: `ms`, `MB`, `tokens/s`. */
  readonly unit: string;
  readonly target?: Target;
}

/** One line of `--json`. */
interface FigureLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: string | null;
  readonly meets: boolean | null;
}

export function figureLine({ name, value, unit, target }: Figure): FigureLine {
  return {
    name,
    value,
    unit,
    target: target ? describeTarget(target) : null,
    meets: target ? meets(value, target) : null,
  };
}

function describeTarget(target: Target): string {
  return 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

/** False for a figure that is not a number, whatever the target. */
export function meets(value: number, target: Target): boolean {
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}

/** One line for people: `int8 over fp32, tiny 16x128   2.31 x   (>= 2.2, met)`. */
export function describeFigure(figure: Figure): string {
  const { name, value, unit, target, meets: met } = figureLine(figure);
  const verdict = target === null ? '' : `   (${target}, ${met ? 'met' : 'NOT met'})`;
  return `${name.padEnd(64)} ${readable(value).padStart(10)} ${unit}${verdict}`;
}

// Rounded for reading only; a target is judged on the figure as measured.
function readable(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}
