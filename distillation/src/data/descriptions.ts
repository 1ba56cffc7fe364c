import { fingerprint, type TextRecord } from './text-record.js';

/**
 * Parses package descriptions in Debian's Translation format into text records: id is the package, title the
 * synopsis, text the long description. Stanzas without a long description are kept with an empty text.
 *
 * Format: Debian Policy 5.6.13: continuation lines start with a space; ` .` ends a paragraph; lines with two or
 * more spaces are verbatim (lists) and keep their line breaks.
 */
export async function* parseDescriptions(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<TextRecord> {
  let stanza: string[] = [];
  for await (const line of lines) {
    if (line !== '') {
      stanza.push(line);
      continue;
    }
    const record = parseStanza(stanza);
    stanza = [];
    if (record) yield record;
  }
  const last = parseStanza(stanza);
  if (last) yield last;
}

function parseStanza(stanza: readonly string[]): TextRecord | undefined {
  const id = stanza.find((line) => line.startsWith('Package: '))?.slice('Package: '.length);
  const start = stanza.findIndex((line) => line.startsWith('Description-en: '));
  if (id === undefined || start < 0) return undefined;
  const paragraphs: string[] = [];
  let flowing = false;
  for (const line of stanza.slice(start + 1)) {
    if (!line.startsWith(' ')) break;
    const content = line.trim();
    if (content === '.' || content === '') {
      flowing = false;
      continue;
    }
    const verbatim = line.startsWith('  ');
    if (flowing && !verbatim) paragraphs.push(`${paragraphs.pop() ?? ''} ${content}`);
    else paragraphs.push(content);
    flowing = !verbatim;
  }
  return {
    id,
    title: stanza[start]!.slice('Description-en: '.length).trim(),
    text: paragraphs.join('\n'),
  };
}

/** Sentences that only tell which half of a source a binary package holds. */
const PACKAGING = /^(this|these|the) (\S+ ){0,3}?(meta)?packages? /i;

/**
 * Passes on the first of the records whose descriptions say the same: the library, its headers and its debug
 * symbols share their prose up to one sentence about the package. Digits are ignored, so versions collapse.
 */
export async function* withoutRepeats(records: AsyncIterable<TextRecord>): AsyncGenerator<TextRecord> {
  const seen = new Set<string>();
  for await (const record of records) {
    const own = record.text.split('\n').filter((paragraph) => !PACKAGING.test(paragraph));
    const key = fingerprint(own.length > 0 ? own.join(' ') : `${record.title} ${record.text}`).replace(
      /\d+/g,
      '0',
    );
    if (record.text === '' || seen.has(key)) continue;
    seen.add(key);
    yield record;
  }
}
