/** Comparisons as a page, as CSV, as Markdown, and the pieces that the command's tables share with them. */
export { comparisonCsv } from './csv.js';
export { count, duration, percent, usd } from './format.js';
export { renderHtml } from './html.js';
export { comparisonMarkdown, quality, standIn } from './markdown.js';
export { alike, headline, intervalOf, noHeadline, questionLink, questionText } from './rows.js';
