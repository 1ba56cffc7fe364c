import type { TextRecord } from '../data/text-record.js';

/** Words of a passage: a section is cut at paragraphs into parts of about this size. */
const PASSAGE = 100;
const FEWEST_WORDS = 25;

const FUNCTION_WORDS =
  /\b(the|a|an|of|to|is|are|in|and|for|that|this|it|be|by|with|as|can|on|or|which|from|if|not|you|he|his|was|had|they|we|i|at)\b/gi;

/** Mostly letters, and enough function words for English. */
function isProse(block: string): boolean {
  const words = block.split(' ').length;
  if (words < 6) return false;
  const letters = block.match(/[a-z ,.'’-]/gi)?.length ?? 0;
  const glue = block.match(FUNCTION_WORDS)?.length ?? 0;
  return letters / block.length > 0.9 && glue / words > 0.2;
}

/** Joins paragraphs that read as English prose into passages; what is left over at the end counts from 25 words on. */
export function passages(paragraphs: Iterable<string>): string[] {
  const found: string[] = [];
  let current: string[] = [];
  let words = 0;
  for (const paragraph of paragraphs) {
    const block = paragraph.replace(/\s+/g, ' ').trim();
    if (!isProse(block)) continue;
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

/** A heading and the paragraphs below it. */
export interface Section {
  readonly heading: string;
  readonly paragraphs: readonly string[];
}

/** Headings that say nothing without the page they are on. */
const GENERIC =
  /^(name|synopsis|description|notes?|parameters?|arguments?|returns?|return value|examples?|see also|references?|options?|introduction|overview|usage|details|remarks?|author.*|attributes|methods|keywords?|contents?|navigation|discussion|other parameters|raises|yields|bugs|files|environment|errors|standards|history|conforming to|versions|installation|getting started|license|contributing|faq|\W*)$/i;

/** Records of a page: a passage each, titled by its heading, or by the page's first one where the heading is generic. */
export function* sectionRecords(page: string, sections: Iterable<Section>): Generator<TextRecord> {
  let first = '';
  let number = 0;
  for (const { heading, paragraphs } of sections) {
    const own = cleanHeading(heading);
    const title = GENERIC.test(own) ? first : own;
    first ||= own;
    for (const text of passages(paragraphs)) yield { id: `${page}#${number++}`, title, text };
  }
}

/** Most characters of a heading; what is longer is a paragraph set as one. */
const LONGEST_HEADING = 120;

function cleanHeading(heading: string): string {
  const clean = heading
    .replace(/\s+/g, ' ')
    .replace(/[¶#:]+$/, '')
    .replace(/^(chapter |appendix |section )?[\d.]*\d\.? /i, '')
    .replace(/^[^\p{L}\p{N}("']+|\s*\[\d+\/\d+\]$|[{<].*$/gu, '')
    .trim();
  return clean.length > LONGEST_HEADING ? '' : clean;
}
