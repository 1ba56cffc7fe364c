/** A comparison as a page and as CSV. */
export { comparisonCsv } from './csv.js';
export { renderHtml } from './html.js';
