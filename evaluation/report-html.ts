import type { EvaluationResult } from './evaluate';
import { publishedFigures, reportRows, reportTitle } from './report';

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1b1b}' +
  'table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}' +
  'th,td{padding:.3rem .7rem;border-bottom:1px solid #ccc;text-align:right}' +
  'th:first-child,td:first-child{text-align:left}.scroll{overflow-x:auto}';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]);

/** The report as one HTML page that needs no other file. */
export function formatHtml(result: EvaluationResult): string {
  const title = escape(reportTitle(result));
  const { header, rows } = reportRows(result);
  const published = publishedFigures().map(({ name, beirNdcg10, ragHitRate, ragMrr }) => [
    name,
    ...[beirNdcg10, ragHitRate, ragMrr].map((value) => value.toFixed(4)),
  ]);
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escape(result.collection)}</h1><p>${title}</p>`,
    `<h2>Measured here</h2>${table(header, rows)}`,
    '<h2>Published by the model cards (other collections; not measured here)</h2>',
    table(['', 'BEIR NDCG@10, 17 sets', 'RAG hit rate', 'RAG MRR'], published),
    '</body></html>\n',
  ].join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  const body = rows.map((cells) => line(cells, 'td')).join('');
  return `<div class="scroll"><table><thead>${line(header, 'th')}</thead><tbody>${body}</tbody></table></div>`;
}
