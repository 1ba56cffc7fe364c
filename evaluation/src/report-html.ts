import type { EvaluationResult } from './evaluate.js';
import type { Collection } from './collection.js';
import { differenceChart } from './report-chart.js';
import { escapeHtml, htmlPage } from '@sagemaker-reranker/models';
import { queryDetails } from './report-queries.js';
import {
  PUBLISHED,
  meaningsOf,
  measuredTable,
  publishedTable,
  reportFacts,
  topKTable,
  verdicts,
  winsAndLosses,
} from './report.js';
import { type Table, metricTitle } from './table.js';

const STYLE = `
:root{--first:#7c8698;--up:#0b7a4b;--down:#b3261e;--flat:#7c8698}
@media(prefers-color-scheme:dark){:root{--first:#8b95a7;--up:#4cc38a;--down:#ff8a80;--flat:#8b95a7}}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
th,td{white-space:nowrap}tr:last-child td{border-bottom:0}
tr>:first-child{padding-left:0;text-align:left;position:sticky;left:0;background:var(--card)}
.best,.verdict{font-weight:700}.verdict{margin:0 0 .8rem}
.tag{display:inline-block;font-size:.75rem;font-weight:600;letter-spacing:.03em;text-transform:uppercase;border:1px solid currentColor;border-radius:1rem;padding:0 .55rem;margin-right:.5rem;vertical-align:.1em}
.measured{color:var(--up)}.published{color:var(--soft)}
figcaption,.note{color:var(--soft);font-size:.88rem;margin:.5rem 0 0}
svg{display:block;font:13px system-ui,sans-serif}
details{border-top:1px solid var(--line);padding:.45rem 0}summary{cursor:pointer;overflow-wrap:anywhere}summary .up{color:var(--up)}summary .down{color:var(--down)}summary span{font-variant-numeric:tabular-nums;font-weight:650;margin-right:.4rem}
h4{font-size:.9rem;margin:.5rem 0 .2rem;color:var(--soft);overflow-wrap:anywhere}
.sides{display:grid;grid-template-columns:1fr 1fr;gap:0 1.2rem}.sides ol{margin:0;padding-left:1.5rem;font-size:.88rem}.sides li{margin:.25rem 0;overflow-wrap:anywhere}.sides .id{color:var(--soft)}.hit b{color:var(--up)}
@media(max-width:640px){.sides{grid-template-columns:1fr}.scroll::after{content:'Scroll sideways for more columns';display:block;position:sticky;left:0;color:var(--soft);font-size:.8rem}dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .6rem}th{white-space:normal}tr>:first-child{min-width:8rem;max-width:9.5rem;white-space:normal}th,td{padding:.45rem .5rem}.crowded{display:none}}
`.trim();

/**
 * The report as one HTML page that needs no other file, script or network.
 * @param collection the one that was measured; with it the page shows queries with their documents
 */
export function formatHtml(result: EvaluationResult, collection?: Collection): string {
  const byTopK = topKTable(result);
  const charts = result.compare.flatMap((metric) => {
    const drawn = differenceChart(result, metric);
    if (drawn === undefined) return [];
    const counts = result.systems
      .slice(1)
      .map((system) => {
        const { better, worse } = winsAndLosses(result, system, metric);
        return `${system.name}: ${better} better, ${worse} worse`;
      })
      .join('; ');
    const heading = `${metricTitle(metric, result.cutoff)} against ${result.systems[0]!.name}`;
    return [
      `<section><h2>${escapeHtml(heading)}</h2><figure>${drawn}<figcaption>Mean difference and its interval; ` +
        `one that leaves out 0 is unlikely to be chance. Queries: ${escapeHtml(counts)}.</figcaption></figure></section>`,
    ];
  });
  const found = verdicts(result).map((verdict) => `<p class="verdict">${escapeHtml(verdict)}</p>`);
  const meanings = `<details><summary>What the columns mean</summary>${pairs(meaningsOf(result))}</details>`;
  const body = [
    `<section>${found.join('')}${pairs(reportFacts(result))}</section>`,
    section('measured', 'On this collection', table(measuredTable(result), true) + meanings),
    ...charts,
    ...(byTopK ? [section('measured', 'How many documents to rerank', table(byTopK, false))] : []),
    ...(collection ? result.systems.slice(1).map((system) => queryDetails(result, system, collection)) : []),
    section(
      'published',
      'Not measured here',
      `${table(publishedTable(), false)}<p class="note">${escapeHtml(PUBLISHED)}.</p>`,
    ),
  ];
  return htmlPage({ title: `Reranking ${result.collection}`, style: STYLE, body });
}

function pairs(of: readonly (readonly [string, string])[]): string {
  const items = of.map(([name, text]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd>`);
  return `<dl>${items.join('')}</dl>`;
}

function section(kind: 'measured' | 'published', heading: string, body: string): string {
  return `<section><h2><span class="tag ${kind}">${kind}</span>${escapeHtml(heading)}</h2>${body}</section>`;
}

/** @param mark sets the largest value of each column of metrics in bold, unless all are equal. */
function table({ header, rows }: Table, mark: boolean): string {
  const best = header.map((_, column) => {
    const values = rows.map((cells) => cells[column]);
    const differ = values.some((value) => value !== values[0]);
    return mark && differ && values.every((value) => /^\d\.\d{4}$/.test(value!))
      ? [...values].sort().at(-1)
      : undefined;
  });
  const head = header.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join('');
  const body = rows.map((cells) => {
    const line = cells.map((cell, i) =>
      cell === best[i] ? `<td class="best">${cell}</td>` : `<td>${escapeHtml(cell)}</td>`,
    );
    return `<tr>${line.join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}
