import type { EvaluationResult } from './evaluate';
import type { Metrics } from './metrics';
import { signed } from './report';
import { escapeHtml } from './report-escape';

// Units of the drawing; the page scales it to its width.
const WIDTH = 560;
const ROW = 52;
const TOP = 6;
const AXIS = 30;
const SIDE = 24;
/** Largest number of axis steps on each side of 0. */
const STEPS = 4;

/**
 * Difference of every system to the first stage with its interval, one row each under a common axis, as SVG.
 * Undefined where there is none.
 */
export function differenceChart(result: EvaluationResult, metric: keyof Metrics): string | undefined {
  const rows = result.systems.flatMap(({ name, differences }) => {
    const interval = differences[metric];
    return interval ? [{ name, ...interval }] : [];
  });
  if (rows.length === 0) return undefined;
  const step = niceStep(Math.max(...rows.map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)))));
  const least = Math.floor(Math.min(0, ...rows.map(({ low }) => low)) / step);
  const most = Math.ceil(Math.max(0, ...rows.map(({ high }) => high)) / step);
  const span = Math.max(1, most - least);
  const x = (value: number): number =>
    Math.round((SIDE + ((value / step - least) / span) * (WIDTH - 2 * SIDE)) * 10) / 10;
  const bottom = TOP + rows.length * ROW;
  const ticks = Array.from({ length: span + 1 }, (_, i) => (least + i) * step).map((value) => {
    const at = x(value);
    const label = value === 0 ? '0' : `${value > 0 ? '+' : '−'}${Number(Math.abs(value).toPrecision(6))}`;
    return (
      `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}" stroke="var(--${value === 0 ? 'soft' : 'line'})"/>` +
      `<text x="${at}" y="${bottom + 19}" text-anchor="middle" fill="var(--soft)">${label}</text>`
    );
  });
  const marks = rows.map(({ name, mean, low, high }, i) => {
    const y = TOP + i * ROW + 36;
    const colour = low > 0 ? 'up' : high < 0 ? 'down' : 'flat';
    return (
      `<text x="0" y="${y - 17}" fill="var(--text)">${escapeHtml(name)}</text>` +
      `<text x="${WIDTH}" y="${y - 17}" text-anchor="end" fill="var(--${colour})">${signed(mean)}</text>` +
      `<line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="var(--${colour})" stroke-width="3" stroke-linecap="round"/>` +
      `<circle cx="${x(mean)}" cy="${y}" r="5.5" fill="var(--${colour})"/>`
    );
  });
  const label = rows.map(({ name, mean }) => `${name} ${signed(mean)}`).join(', ');
  return (
    `<svg viewBox="0 0 ${WIDTH} ${bottom + AXIS}" role="img" aria-label="${escapeHtml(label)}" style="max-width:${WIDTH * 1.4}px">` +
    `${ticks.join('')}${marks.join('')}</svg>`
  );
}

/** A step of 1, 2 or 5 times a power of ten, of which a few reach the largest value. */
function niceStep(largest: number): number {
  const least = Math.max(largest, 1e-4) / STEPS;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}
