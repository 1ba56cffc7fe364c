import type { Section } from './prose.js';

/**
 * Docstrings of Python source: one section a function or class, headed by its name in words (`readLine` and `read_line`
 * become "read line"). Lines of doctests are left out.
 */
export function* docstringSections(source: string): Generator<Section> {
  const pattern =
    /^[ \t]*(?:async def|def|class)\s+(\w+)[^\n]*(?:\n[^\n"']*)*?:[ \t]*\n[ \t]*[rR]?("""|''')([\s\S]*?)\2/gm;
  for (const match of source.matchAll(pattern)) {
    const [, name = '', , body = ''] = match;
    if (name.startsWith('_') || /^test/i.test(name)) continue;
    const prose = body.replace(/^\s*(>>>|\.\.\.).*$/gm, '').replace(/``|:\w+:|`/g, '');
    yield { heading: words(name), paragraphs: prose.split(/\n\s*\n/) };
  }
}

const words = (name: string): string =>
  name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .trim()
    .toLowerCase();
