import { escapeHtml } from '@sagemaker-reranker/models';
import type { Figure } from '../types.js';
import { intervalOf } from './rows.js';

/** A figure with its interval and the word for where it comes from; the source is its tooltip. */
export function figure(value: Figure | null, format: (value: number) => string): string {
  if (!value) return '<span class="none">not known</span>';
  const { basis, source } = value;
  const words = intervalOf(value, format);
  const interval = words === '' ? '' : `, ${words}`;
  const kind = basis.replace(' ', '-');
  return `${escapeHtml(format(value.value))}<small class="basis ${kind}" title="${escapeHtml(source)}">${basis}${escapeHtml(interval)}</small>`;
}
