import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { readTexts } from '../../distillation/src/gather/files.js';
import { gatherSources, readSources } from '../../distillation/src/gather/sources.js';
import type { TextRecord } from '../../distillation/src/data/text-record.js';
import { reranker } from '../support/cli.js';

const PROSE =
  'The pressure that acts on the wing is what keeps the plane in the air, and the drag is the part of it that is along the stream of the air.';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'gather-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function put(name: string, content: string | Buffer): Promise<void> {
  const file = path.join(directory, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

async function texts(): Promise<{ title: string; text: string }[]> {
  const found = [];
  for await (const { title, text } of readTexts(directory)) found.push({ title, text });
  return found;
}

const manual = `.TH A 1\n.SH NAME\nwing \\- tells of lift\n.SH DESCRIPTION\n${PROSE.replace('wing', '\\fBwing\\fP')}\n`;

test.each<[string, string, string | Buffer, string]>([
  [
    'HTML',
    'a.html',
    `<h1>1.2 Lift &amp; drag</h1><p>${PROSE}</p><pre>the code of a thing</pre>`,
    'Lift & drag',
  ],
  [
    'DocBook',
    'a.docbook',
    `<sect1><title>Lift</title><para>${PROSE}</para><screen>no</screen></sect1>`,
    'Lift',
  ],
  ['Mallard', 'a.page', `<page><title>Lift</title><p>${PROSE}</p></page>`, 'Lift'],
  [
    'Markdown',
    'a.md',
    `# Lift\n\n${PROSE}\n\n\`\`\`\nthe code of a thing that is not read\n\`\`\`\n`,
    'Lift',
  ],
  ['reStructuredText', 'a.rst', `Lift\n====\n\n${PROSE}\n`, 'Lift'],
  ['plain text', 'a.txt', `LIFT OF WINGS\n\n${PROSE}\n`, 'lift of wings'],
  ['a gzipped manual page', 'man1/a.1.gz', gzipSync(manual), 'tells of lift'],
  ['mdoc', 'man1/b.1', `.Sh NAME\n.Nm wing\n.Nd tells of lift\n.Sh DESCRIPTION\n${PROSE}\n`, 'tells of lift'],
  [
    'a docstring',
    'a.py',
    `def readLift(wing):\n    """${PROSE}\n\n    >>> readLift(1)\n    """\n`,
    'read lift',
  ],
  ['fortunes', 'fortunes/wings', `${PROSE}\n%\nshort\n`, ''],
])('%s gives its prose, titled by its heading', async (_, name, content, title) => {
  await put(name, content);
  expect(await texts()).toEqual([{ title, text: PROSE }]);
});

test('another language, a licence, a second copy and a file of an unknown format are left out', async () => {
  await put('a.md', `# Lift\n\n${PROSE}\n`);
  await put('b.md', `# Lift again\n\n${PROSE}\n`);
  await put('LICENSE.md', `# Licence\n\n${PROSE} And more.\n`);
  await put('share/doc/HTML/de/x.html', `<h1>Auftrieb</h1><p>${PROSE} And more.</p>`);
  await put('image.bin', PROSE);
  expect(await texts()).toEqual([{ title: 'Lift', text: PROSE }]);
});

test('a heading that says nothing gives way to the page’s first', async () => {
  await put('a.html', `<h1>Wings</h1><p>${PROSE}</p><h2>Notes</h2><p>${PROSE} Indeed.</p>`);
  expect((await texts()).map(({ title }) => title)).toEqual(['Wings', 'Wings']);
});

describe('reranker models gather', () => {
  const gather = (out: string) => reranker(['models', 'gather', path.join(directory, 'docs'), '--out', out]);

  test('makes a corpus of directories', async () => {
    await put('docs/a.md', `# Lift\n\n${PROSE}\n`);
    const out = path.join(directory, 'corpus.jsonl');
    expect(await gather(out)).toMatchObject({ code: 0, stdout: `${out}: 1 passages\n` });
    expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ title: 'Lift', text: PROSE });
  });

  test('says where it found nothing', async () => {
    await put('docs/a.bin', PROSE);
    const { code, stderr } = await gather(path.join(directory, 'corpus.jsonl'));
    expect(code).toBe(1);
    expect(stderr).toContain(`no passage of English prose was found below ${path.join(directory, 'docs')}`);
  });
});

test('sources are drawn to their limits, each text once, and a package that fails is told', async () => {
  async function* read(name: string): AsyncGenerator<TextRecord> {
    if (name === 'gone') throw new Error('no such package');
    for (let i = 0; i < 20; i++) yield { id: `${name}/${i}`, title: '', text: `${name} number ${i} of them` };
    yield { id: `${name}/same`, title: '', text: 'a text that both of the packages have' };
    yield { id: `${name}/short`, title: '', text: 'short' };
  }
  const first = { most: 12, packages: { a: 10, b: 10, gone: 5 } };
  const second = { most: 99, packages: { c: 99, d: 99 } };
  const told = [];
  for await (const kind of gatherSources({ seed: 1, words: 4, kinds: { first, second } }, directory, read))
    told.push(kind);
  expect(told).toEqual([
    { kind: 'first', records: 12, without: ['gone: no such package'] },
    { kind: 'second', records: 40, without: [] },
  ]);
  const ids = async (kind: string): Promise<string[]> =>
    (await readFile(path.join(directory, `${kind}.jsonl`), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: string }).id);
  expect((await ids('first')).filter((id) => id.startsWith('a/')).length).toBeLessThanOrEqual(10);
  expect((await ids('second')).filter((id) => id.endsWith('/short'))).toEqual([]);
});

test('the sources of the embedded model are well-formed, and no package is named twice', async () => {
  const { kinds } = await readSources(path.resolve(__dirname, '../../models/embedded/sources.json'));
  const names = Object.values(kinds).flatMap(({ packages }) => Object.keys(packages));
  expect(new Set(names).size).toBe(names.length);
});
