import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fingerprint, type TextRecord } from './text-record.js';

/** Elements whose content is no prose. */
const SKIPPED =
  /<(script|style|head|nav|footer|header|pre|code-block|table|svg|math|form|select|button|aside)\b[^>]*>[\s\S]*?<\/\1\s*>/gi;

/** Pages that list rather than tell. */
const SKIPPED_PAGE =
  /(genindex|py-modindex|search|whatsnew|changelog|release|copyright|license|_modules|_sources)/i;

/** Headings that say nothing without the page they are on. */
const GENERIC =
  /^(name|synopsis|description|notes?|parameters?|arguments?|returns?|examples?|see also|references?|options?|introduction|overview|usage|details|remarks?|author.*|attributes|methods|keywords?|contents?|navigation|discussion|other parameters|raises|yields|\W*)$/i;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  ndash: '–',
  mdash: '—',
  rsquo: '’',
  lsquo: '‘',
  rdquo: '”',
  ldquo: '“',
  hellip: '…',
  copy: '©',
  para: '',
  times: '×',
  minus: '−',
};

/** Words of a passage: a section is cut at paragraphs into parts of about this size. */
const PASSAGE = 100;
const FEWEST_WORDS = 25;

/**
 * Cuts the sections of an HTML page into passages titled by their heading (or the page's first one where the heading
 * is generic). Code, tables and navigation are left out, and so are passages that do not read as English prose.
 */
export function* htmlPassages(html: string, page: string): Generator<TextRecord> {
  const body = html.replace(/<!--[\s\S]*?-->/g, ' ').replace(SKIPPED, ' ');
  let title = '';
  let first = '';
  let number = 0;
  // Splitting at a captured heading gives text, level, heading, text, level, heading, ...
  const parts = body.split(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1\s*>/i);
  for (let i = 0; i < parts.length; i += 3) {
    if (i > 0) {
      const heading = plain(parts[i - 1])
        .replace(/[¶#]+$/, '')
        .replace(/^(chapter |appendix )?[\d.]*\d\.? /i, '')
        .trim();
      title = GENERIC.test(heading) ? first : heading;
      first ||= heading;
    }
    for (const text of passages(parts[i])) yield { id: `${page}#${number++}`, title, text };
  }
}

function passages(section: string): string[] {
  const blocks = section
    .split(/<\/?(?:p|div|li|ul|ol|dl|dt|dd|blockquote|section|hr|br\s*\/?\s*><br)\b[^>]*>/i)
    .map((block) => plain(block))
    .filter(isProse);
  const found: string[] = [];
  let current: string[] = [];
  let words = 0;
  for (const block of blocks) {
    current.push(block);
    words += block.split(' ').length;
    if (words < PASSAGE) continue;
    found.push(current.join('\n'));
    current = [];
    words = 0;
  }
  if (words >= FEWEST_WORDS) found.push(current.join('\n'));
  return found;
}

function plain(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
      if (decimal || hexadecimal) {
        const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal as string, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
      }
      return ENTITIES[name as string] ?? (whole as string);
    })
    .replace(/\s+/g, ' ')
    .trim();
}

const FUNCTION_WORDS =
  /\b(the|a|an|of|to|is|are|in|and|for|that|this|it|be|by|with|as|can|on|or|which|from|if|not|you)\b/gi;

/** Mostly letters, and enough function words for English. */
function isProse(block: string): boolean {
  const words = block.split(' ').length;
  if (words < 6) return false;
  const letters = block.match(/[a-z ,.'’-]/gi)?.length ?? 0;
  const glue = block.match(FUNCTION_WORDS)?.length ?? 0;
  return letters / block.length > 0.9 && glue / words > 0.2;
}

/** Passages of all HTML pages under a directory, in the order of their paths, each text once. */
export async function* readHtmlTree(directory: string): AsyncGenerator<TextRecord> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && /\.html?$/.test(entry.name))
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter((file) => !SKIPPED_PAGE.test(file))
    .sort();
  const seen = new Set<string>();
  for (const file of files) {
    for (const record of htmlPassages(await readFile(path.join(directory, file), 'utf8'), file)) {
      const key = fingerprint(record.text);
      if (seen.has(key)) continue;
      seen.add(key);
      yield record;
    }
  }
}
