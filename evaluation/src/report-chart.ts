import type { EvaluationResult } from './evaluate.js';
import type { Metrics } from './metrics.js';
import { signed } from './report.js';
import { escapeHtml } from '@sagemaker-reranker/models';

// Pixels down; across, shares of the width in per cent: text keeps its size on every screen.
const ROW = 56;
const AXIS = 26;
const SIDE = 7;
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
  const x = (value: number): string =>
    `${Math.round((SIDE + ((value / step - least) / span) * (100 - 2 * SIDE)) * 100) / 100}%`;
  const bottom = rows.length * ROW;
  const ticks = Array.from({ length: span + 1 }, (_, i) => least + i).map((at) => {
    const label = at === 0 ? '0' : `${at > 0 ? '+' : '-'}${Number(Math.abs(at * step).toPrecision(6))}`;
    // Every other one goes where there is no room for all.
    const crowded = at % 2 === 0 ? '' : ' class="crowded"';
    return `<text x="${x(at * step)}" y="${bottom + 17}" text-anchor="middle" fill="var(--soft)"${crowded}>${label}</text>`;
  });
  const marks = rows.map(({ name, mean, low, high }, i) => {
    const top = i * ROW;
    const y = top + 40;
    const colour = low > 0 ? 'up' : high < 0 ? 'down' : 'flat';
    const grid = Array.from({ length: span + 1 }, (_, tick) => least + tick).map(
      (at) =>
        `<line x1="${x(at * step)}" x2="${x(at * step)}" y1="${top + 26}" y2="${top + ROW - 2}" stroke="var(--${at === 0 ? 'soft' : 'line'})"/>`,
    );
    return (
      grid.join('') +
      `<text x="0" y="${top + 18}" fill="var(--text)">${escapeHtml(name)}</text>` +
      `<text x="100%" y="${top + 18}" text-anchor="end" fill="var(--${colour})">${signed(mean)}</text>` +
      `<line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="var(--${colour})" stroke-width="3" stroke-linecap="round"/>` +
      `<circle cx="${x(mean)}" cy="${y}" r="5.5" fill="var(--${colour})"/>`
    );
  });
  const label = rows.map(({ name, mean }) => `${name} ${signed(mean)}`).join(', ');
  return (
    `<svg width="100%" height="${bottom + AXIS}" role="img" aria-label="${escapeHtml(label)}">` +
    `${marks.join('')}${ticks.join('')}</svg>`
  );
}

/** A step of 1, 2 or 5 times a power of ten, of which a few reach the largest value. */
function niceStep(largest: number): number {
  const least = Math.max(largest, 1e-4) / STEPS;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10);
}
