import type { Figure } from '../types.js';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands in HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** Three significant digits, all of them from 1,000 on: `0.0123`, `1,234`. */
export function count(value: number): string {
  const digits = Math.abs(value) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 };
  return value.toLocaleString('en-US', digits);
}

export function usd(value: number): string {
  return `${value < 0 ? '−' : ''}$${count(Math.abs(value))}`;
}

/** Short, for an axis: `$500`, `$20K`, `$1M`. */
export function compactUsd(value: number): string {
  return `$${value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 })}`;
}

/** `850 ms`, `1.15 s` */
export function duration(ms: number): string {
  return ms < 1000 ? `${count(ms)} ms` : `${count(ms / 1000)} s`;
}

export function percent(share: number): string {
  return `${count(100 * share)} %`;
}

/** A figure with its interval and the word for where it comes from; the source is its tooltip. */
export function figure(value: Figure | null, format: (value: number) => string): string {
  if (!value) return '<span class="none">not known</span>';
  const { low, high, basis, source } = value;
  const interval =
    low === undefined && high === undefined
      ? ''
      : low !== undefined && high !== undefined
        ? `, ${format(low)} to ${format(high)}`
        : low !== undefined
          ? `, from ${format(low)}`
          : `, up to ${format(high!)}`;
  const kind = basis.replace(' ', '-');
  return `${escapeHtml(format(value.value))}<small class="basis ${kind}" title="${escapeHtml(source)}">${basis}${escapeHtml(interval)}</small>`;
}
