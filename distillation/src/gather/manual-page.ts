import type { Section } from './prose.js';

const SPECIAL: Readonly<Record<string, string>> = {
  aq: "'",
  cq: '’',
  oq: '‘',
  lq: '“',
  rq: '”',
  dq: '"',
  em: '—',
  en: '–',
  hy: '-',
  mi: '-',
  bu: '•',
  co: '©',
  ga: '`',
  ti: '~',
  ha: '^',
  rs: '\\',
};

/**
 * Sections of a manual page in man(7) or mdoc(7) macros; the title is the line of NAME for all sections with a generic
 * heading. Only what prose needs is understood: paragraphs, fonts, escapes; macros for layout fall away.
 * Source: groff_man(7), groff_char(7), mdoc(7).
 */
export function* manualSections(source: string): Generator<Section> {
  let heading = '';
  let paragraphs: string[] = [];
  let words: string[] = [];
  let name = '';
  let verbatim = false;
  const flush = (): void => {
    if (words.length > 0) paragraphs.push(words.join(' '));
    words = [];
  };
  for (const raw of source.split('\n')) {
    if (/^['.]\s*\\"/.test(raw)) continue;
    const macro = /^['.]\s*(\S+)\s*(.*)$/.exec(raw);
    const text = unescape(macro ? (macro[2] ?? '') : raw).trim();
    if (!macro) {
      if (text === '') flush();
      else if (!verbatim) words.push(text);
      continue;
    }
    const kind = macro[1] ?? '';
    const argument = text.replace(/"([^"]*)"/g, '$1');
    if (/^(SH|Sh|SS|Ss)$/.test(kind)) {
      flush();
      if (/^NAME$/i.test(heading)) name = paragraphs.join(' ').replace(/^.*? [-–—]+ /, '');
      else yield { heading: heading === '' || isGeneric(heading) ? name : sentence(heading), paragraphs };
      heading = argument;
      paragraphs = [];
    } else if (/^(nf|EX|Bd|TS)$/.test(kind)) verbatim = true;
    else if (/^(fi|EE|Ed|TE)$/.test(kind)) verbatim = false;
    else if (/^(B|I|BR|BI|IR|RB|RI|IB|SM|SB)$/.test(kind) && !verbatim) {
      words.push(/^(BR|BI|IR|RB|RI|IB)$/.test(kind) ? joined(text) : argument);
    } else if (
      /^(Nm|Nd|Pa|Ar|Cm|Em|Sy|Xr|Dv|Ev|Fa|Fn|Va|Ic|Li|Dq|Sq|Qq|Pq|No|Fl|Vt|Ft)$/.test(kind) &&
      !verbatim
    ) {
      words.push(kind === 'Nd' ? `- ${argument}` : mdoc(argument));
    } else if (/^(PP|P|LP|Pp|TP|IP|HP|sp|br|RS|RE|It|El|Bl)$/.test(kind)) flush();
  }
  flush();
  yield { heading: isGeneric(heading) ? name : sentence(heading), paragraphs };
}

const isGeneric = (heading: string): boolean =>
  /^(description|notes?|options?|overview|usage|details|general|introduction|return value|examples?)$/i.test(
    heading,
  );

const sentence = (heading: string): string => (/[a-z]/.test(heading) ? heading : heading.toLowerCase());

/** Arguments of an alternating-font macro, set without spaces between. */
const joined = (text: string): string =>
  [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '').join('');

const mdoc = (text: string): string =>
  text.replace(/\s([.,;:)])/g, '$1').replace(/\b(Nm|Pa|Ar|Ns|No|Em|Sy)\s/g, '');

function unescape(text: string): string {
  return text
    .replace(/\\".*$/, '')
    .replace(/\\\((\w\w)|\\\[(\w+)\]/g, (_, two?: string, long?: string) => SPECIAL[two ?? long ?? ''] ?? ' ')
    .replace(/\\f(\[\w*\]|\(..|.)/g, '')
    .replace(/\\s[-+]?\d/g, '')
    .replace(/\\m\[\w*\]/g, '')
    .replace(/\\[&|^%:/,c)]/g, '')
    .replace(/\\[-e~ 0]/g, (found) => (found === '\\-' ? '-' : found === '\\e' ? '\\' : ' '))
    .replace(/\\\*\([LR]"?/g, '"')
    .replace(/\\\*(\(..|\[\w+\]|.)/g, ' ')
    .replace(/\\./g, ' ');
}
