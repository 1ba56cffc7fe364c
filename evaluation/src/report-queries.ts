import { escapeHtml } from '@sagemaker-reranker/models';
import type { Collection } from './collection.js';
import type { EvaluationResult, SystemResult } from './evaluate.js';
import { rank, type Run } from './metrics.js';
import { signed } from './report.js';
import { metricTitle } from './table.js';

/** Queries of each end that are shown, and documents of each. */
const QUERIES = 5;
const DOCUMENTS = 5;
const LONGEST_TEXT = 220;

/** The queries that a system made worst and best, with their documents before and after; empty where nothing changed. */
export function queryDetails(result: EvaluationResult, system: SystemResult, collection: Collection): string {
  const metric = result.compare[0]!;
  const first = result.systems[0]!;
  const changes = [...system.perQuery]
    .map(([id, metrics]) => ({ id, change: metrics[metric] - first.perQuery.get(id)![metric] }))
    .filter(({ change }) => change !== 0)
    .sort((a, b) => a.change - b.change);
  if (changes.length === 0) return '';
  const worst = changes.filter(({ change }) => change < 0).slice(0, QUERIES);
  const best = changes
    .filter(({ change }) => change > 0)
    .slice(-QUERIES)
    .reverse();
  const list = (heading: string, of: typeof changes): string =>
    of.length === 0 ? '' : `<h3>${heading}</h3>${of.map(({ id, change }) => details(id, change)).join('')}`;
  const details = (id: string, change: number): string =>
    `<details><summary><span class="${change < 0 ? 'down' : 'up'}">${signed(change)}</span> ${escapeHtml(collection.queries.get(id) ?? id)}</summary>` +
    `<div class="sides">${side(first.name, first.run, id)}${side(system.name, system.run, id)}</div></details>`;
  const side = (name: string, run: Run, query: string): string => {
    const grades = collection.qrels.get(query);
    const items = rank(run.get(query) ?? [])
      .slice(0, DOCUMENTS)
      .map((id) => {
        const relevant = (grades?.get(id) ?? 0) > 0;
        const text = collection.documents.get(id)?.text ?? '';
        const shown = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
        const mark = relevant ? '<b>relevant</b> ' : '';
        return `<li${relevant ? ' class="hit"' : ''}>${mark}<span class="id">${escapeHtml(id)}</span> ${escapeHtml(shown)}</li>`;
      });
    return `<div><h4>${escapeHtml(name)}</h4><ol>${items.join('')}</ol></div>`;
  };
  return (
    `<section><h2>${escapeHtml(`${system.name}: queries that changed most`)}</h2>` +
    `<p class="note">${escapeHtml(metricTitle(metric, result.cutoff))} of the query against ${escapeHtml(first.name)}. Open one to see its first documents before and after.</p>` +
    `${list('Worse', worst)}${list('Better', best)}</section>`
  );
}
