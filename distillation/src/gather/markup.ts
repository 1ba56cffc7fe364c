import type { Section } from './prose.js';

/** Elements whose content is no prose. */
const SKIPPED =
  /<(script|style|head|nav|footer|header|pre|code-block|table|informaltable|svg|math|form|select|button|aside|screen|programlisting|indexterm|literallayout|synopsis|funcsynopsis|cmdsynopsis|bookinfo|authorgroup|license|listing)\b[^>]*>[\s\S]*?<\/\1\s*>/gi;

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

const BLOCK =
  /<\/?(?:p|div|li|ul|ol|dl|dt|dd|blockquote|section|hr|para|simpara|formalpara|listitem|variablelist|itemizedlist|orderedlist|item|list|terms|note|tip|warning|chapter|sect\d|br\s*\/?\s*><br)\b[^>]*>/i;

/** Sections of HTML, DocBook and Mallard alike: what stands between headings, cut where a block begins or ends. */
export function* markupSections(source: string): Generator<Section> {
  const body = source
    .replace(/<!--[\s\S]*?-->/g, ' ')
    .replace(SKIPPED, ' ')
    .replace(/<(\/?)question\b[^>]*>/gi, '<$1title>');
  // Splitting at a captured heading gives text, element, heading, text, element, heading, ...
  const parts = body.split(/<(h[1-6]|title)\b[^>]*>([\s\S]*?)<\/\1\s*>/i);
  for (let i = 0; i < parts.length; i += 3) {
    const heading = i === 0 ? '' : plain(parts[i - 1] ?? '');
    yield { heading, paragraphs: (parts[i] ?? '').split(BLOCK).map(plain) };
  }
}

function plain(markup: string): string {
  return markup
    .replace(/<[^>]*>/g, '')
    .replace(
      /&(?:#(\d+)|#x([0-9a-f]+)|([\w.-]+));/gi,
      (whole, decimal?: string, hexadecimal?: string, name?: string) => {
        if (decimal || hexadecimal) {
          const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? '', 16);
          return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
        }
        return ENTITIES[name ?? ''] ?? (whole.length < 12 ? (name ?? '') : ' ');
      },
    )
    .replace(/\s+/g, ' ')
    .trim();
}
