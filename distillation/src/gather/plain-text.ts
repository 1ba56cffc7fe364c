import type { Section } from './prose.js';

/**
 * Sections of Markdown, reStructuredText and plain text: a heading is a line with `#` before it, a short line that is
 * underlined, or, in plain text, a short line of capitals that stands alone. Code blocks and lists of options fall out later, as what is
 * no prose.
 */
export function* plainTextSections(source: string): Generator<Section> {
  const lines = source
    .replace(/\r/g, '')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
    .replace(/<\/?\w[^>\n]*>/g, '')
    .split('\n');
  let heading = '';
  let paragraphs: string[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    if (paragraph.length > 0) paragraphs.push(clean(paragraph.join(' ')));
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const next = lines[i + 1] ?? '';
    const marked = /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1];
    const short = line.trim() !== '' && line.trim().length < 80;
    const underlined =
      short && /^\s*([=~^"*-])\1{2,}\s*$/.test(next) && next.trim().length + 3 >= line.trim().length;
    const shouted =
      short && paragraph.length === 0 && next.trim() === '' && /^[^a-z]*[A-Z]{3}[^a-z]*$/.test(line.trim());
    if (marked !== undefined || underlined || shouted) {
      flush();
      yield { heading, paragraphs };
      heading = clean(marked ?? line.trim());
      if (shouted && marked === undefined) heading = heading.toLowerCase();
      paragraphs = [];
      if (underlined) i++;
    } else if (line.trim() === '' || /^\s*([-*+•]|\d+[.)])\s/.test(line)) {
      flush();
      if (line.trim() !== '') paragraph.push(line.trim().replace(/^([-*+•]|\d+[.)])\s+/, ''));
    } else paragraph.push(line.trim());
  }
  flush();
  yield { heading, paragraphs };
}

const clean = (text: string): string =>
  text
    .replace(/:\w+:`([^`<]*)(?:\s*<[^>]*>)?`/g, '$1')
    .replace(/[`*_]{1,3}(\S(?:[^`*_]*\S)?)[`*_]{1,3}/g, '$1')
    .replace(/`/g, '')
    .replace(/-\s(?=[a-z])/g, '-');

/** Sections of a file of fortune(6): texts between lines of `%`, each without a heading. */
export function* fortuneSections(source: string): Generator<Section> {
  for (const text of source.split(/^%$/m)) yield { heading: '', paragraphs: [text] };
}
