/** A comparison as a page. */
export { renderHtml } from './html.js';
