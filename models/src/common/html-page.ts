import { createHash } from 'node:crypto';

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

/** Colours, with others in dark mode, and the layout of a page of sections and tables, from a phone's width on. */
const BASE_STYLE = `
:root{color-scheme:light dark;--text:#1c2330;--soft:#5b6472;--line:#d9dee6;--page:#f5f6f8;--card:#fff;--accent:#0b57a4}
@media(prefers-color-scheme:dark){:root{--text:#e6e9ef;--soft:#a2acba;--line:#313947;--page:#12161d;--card:#1a202a;--accent:#7db8f5}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;margin:0;background:var(--page);color:var(--text)}
main{max-width:78rem;margin:0 auto;padding:1.2rem 1rem 3rem}
h1{font-size:1.7rem;line-height:1.2;margin:.4rem 0 .8rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:0 0 .7rem}h3{font-size:1rem;margin:1rem 0 .3rem}
a{color:var(--accent)}figure{margin:0}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;margin:0 0 1rem}
.scroll{overflow:auto}.scroll:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .7rem;border-bottom:1px solid var(--line);text-align:right}
thead th{color:var(--soft);font-size:.85rem}
@media(max-width:640px){main{padding:.8rem .6rem 2rem}section{padding:.8rem .7rem}}
`.trim();

export interface HtmlPage {
  /** Text. */
  readonly title: string;
  /** CSS beside what all pages share. */
  readonly style: string;
  /** HTML below the heading. */
  readonly body: readonly string[];
  /** The one script of the page: no other may run. */
  readonly script?: string;
}

/** A page that needs no other file and no network, and that a browser lets load none. */
export function htmlPage({ title, style, body, script }: HtmlPage): string {
  const hash = script === undefined ? undefined : createHash('sha256').update(script).digest('base64');
  const scripts = hash === undefined ? '' : ` script-src 'sha256-${hash}';`;
  const policy = `default-src 'none'; style-src 'unsafe-inline';${scripts} base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">`,
    `<title>${escapeHtml(title)}</title><style>${BASE_STYLE}${style}</style></head><body><main>`,
    `<h1>${escapeHtml(title)}</h1>`,
    ...body,
    `</main>${script === undefined ? '' : `<script>${script}</script>`}</body></html>\n`,
  ].join('\n');
}
