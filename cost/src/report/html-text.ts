import type { Figure } from '../types.js';
import { intervalOf } from './rows.js';

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

/** A figure with its interval and the word for where it comes from; the source is its tooltip. */
export function figure(value: Figure | null, format: (value: number) => string): string {
  if (!value) return '<span class="none">not known</span>';
  const { basis, source } = value;
  const words = intervalOf(value, format);
  const interval = words === '' ? '' : `, ${words}`;
  const kind = basis.replace(' ', '-');
  return `${escapeHtml(format(value.value))}<small class="basis ${kind}" title="${escapeHtml(source)}">${basis}${escapeHtml(interval)}</small>`;
}
