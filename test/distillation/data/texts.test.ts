import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { Random } from '@sagemaker-reranker/models';
import { parseDescriptions, withoutRepeats } from '../../../distillation/src/data/descriptions.js';
import { readDictionary } from '../../../distillation/src/data/dictionary.js';
import { markupSections } from '../../../distillation/src/gather/markup.js';
import { sectionRecords } from '../../../distillation/src/gather/prose.js';
import { joinRecords, readTextRecords, type TextRecord } from '../../../distillation/src/data/text-record.js';
import { readWordNet } from '../../../distillation/src/data/wordnet.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'texts-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const file = async (name: string, content: string | Buffer): Promise<string> => {
  const target = path.join(directory, name);
  await writeFile(target, content);
  return target;
};

describe('parseDescriptions', () => {
  it('flows paragraphs, ends them at a lone dot and keeps verbatim lines apart', async () => {
    const lines = [
      'Package: tool',
      'Description-md5: 0',
      'Description-en: small tool: does things',
      ' It does this',
      ' and that.',
      ' .',
      ' Features:',
      '  * fast',
      '  * small',
      ' Done.',
      '',
      'Package: bare',
      'Description-en: only a synopsis',
    ];
    expect(await all(parseDescriptions(lines))).toEqual([
      {
        id: 'tool',
        title: 'small tool: does things',
        text: 'It does this and that.\nFeatures:\n* fast\n* small\nDone.',
      },
      { id: 'bare', title: 'only a synopsis', text: '' },
    ]);
  });
});

describe('withoutRepeats', () => {
  async function* records(...texts: string[]): AsyncGenerator<TextRecord> {
    for (const [i, text] of texts.entries()) yield { id: `${i}`, title: `t${i}`, text };
  }

  it('keeps one of the packages that differ in layout, version or the packaging sentence only', async () => {
    const kept = await all(
      withoutRepeats(
        records(
          'A library for graphs, version 2.1.\nThis package contains the headers.',
          'A library for  graphs, Version 3.0.\nThis package provides debug symbols.',
          'A library for trees.',
          '',
        ),
      ),
    );
    expect(kept.map(({ id }) => id)).toEqual(['0', '2']);
  });
});

describe('readDictionary', () => {
  it('cuts articles out of a dictd file and cleans their layout', async () => {
    const articles = [
      'clique\n\n   <mathematics> A {graph}\n joined.\n\n   (1996-09-22)\n',
      'set\n  A collection.\n',
    ];
    const start = Buffer.byteLength(articles[0]);
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const base64 = (n: number): string => digits.charAt(n >> 6).replace('A', '') + digits.charAt(n & 63);
    const index = [
      `clique\t${base64(0)}\t${base64(start)}`,
      `set\t${base64(start)}\t${base64(articles[1].length)}`,
      `sets\t${base64(start)}\t${base64(articles[1].length)}`,
      '',
    ];
    const [indexFile, body] = [
      await file('x.index', index.join('\n')),
      await file('x.dict.dz', gzipSync(articles.join(''))),
    ];
    expect(await readDictionary(indexFile, body)).toEqual([
      { id: '0', title: 'clique', text: 'A graph joined.' },
      { id: `${start}`, title: 'set', text: 'A collection.' },
    ]);
    await writeFile(indexFile, 'far\t//\tB\n');
    await expect(readDictionary(indexFile, body)).rejects.toThrow(`${indexFile}:1 does not name a part`);
  });
});

describe('readWordNet', () => {
  it('reads words and gloss of a synset, and names a malformed line', async () => {
    const licence = '  1 This software and database is being provided to you';
    const synset = '00406612 04 n 02 fold 0 paper_folding(a) 0 001 @ 00030358 n 0000 | the act of folding  ';
    const data = await file('data.noun', `${licence}\n${synset}\n`);
    expect(await all(readWordNet([data]))).toEqual([
      { id: 'noun-00406612', title: 'fold, paper folding', text: 'the act of folding' },
    ]);
    await writeFile(data, `${licence}\nno synset here\n`);
    await expect(all(readWordNet([data]))).rejects.toThrow(`${data}:2 is not a WordNet synset`);
  });
});

describe('passages of HTML', () => {
  const htmlPassages = (html: string, page: string) => sectionRecords(page, markupSections(html));
  const prose =
    'The flow over a wing is governed by the pressure that acts on it, and the drag is the part of it which is along the stream.';

  it('titles prose by its heading, or by the page where the heading is generic', () => {
    const html =
      `<html><head><title>no</title></head><body><nav><p>${prose}</p></nav><h1>1.2. Wings &amp; lift¶</h1>` +
      `<p>${prose}</p><pre>if (a) { the code of a thing }</pre><h2>Notes</h2><p>${prose} Again&#33;</p></body></html>`;
    expect([...htmlPassages(html, 'page')]).toEqual([
      { id: 'page#0', title: 'Wings & lift', text: prose },
      { id: 'page#1', title: 'Wings & lift', text: `${prose} Again!` },
    ]);
  });

  it('leaves out what does not read as English prose, and cuts long sections', () => {
    const noise = '<p>0x12 0x13 foo_bar(baz) [1] [2] {3} == != >= 17 18 19 20 21 22 23 24 25 26</p>';
    expect([...htmlPassages(noise, 'p')]).toEqual([]);
    const long = [...htmlPassages(`<h1>Long</h1>${`<p>${prose}</p>`.repeat(12)}`, 'p')];
    expect(long.length).toBeGreaterThan(1);
    for (const { text } of long) expect(text.split(/\s+/).length).toBeLessThan(150);
  });
});

describe('readTextRecords', () => {
  it('names the malformed line', async () => {
    const good = '{"id":"a","title":"","text":"b"}';
    const target = await file('records.jsonl', `${good}\n\n{"id":"","title":"","text":""}\n`);
    await expect(all(readTextRecords(target))).rejects.toThrow(`${target}:3: must be an object`);
    await writeFile(target, `${good}\n{`);
    await expect(all(readTextRecords(target))).rejects.toThrow(`${target}:2: is not JSON`);
  });
});

describe('joinRecords', () => {
  const pages = ['a#0', 'a#1', 'a#2', 'a#3', 'a#4', 'b#0', 'word', 'word-2'];
  async function* records(): AsyncGenerator<TextRecord> {
    for (const id of pages) yield { id, title: `title of ${id}`, text: `text of ${id}` };
  }
  const joined = (share: number, seed = 1) => all(joinRecords(records(), share, new Random(seed)));

  it('leaves every record alone where none is to be joined', async () => {
    expect(await joined(0)).toEqual(await all(records()));
  });

  it('joins records of one page, in their order, as paragraphs below the title of the first', async () => {
    for (let seed = 1; seed < 20; seed += 1) {
      const found = await joined(1, seed);
      expect(found.flatMap(({ text }) => text.split('\n'))).toEqual(pages.map((id) => `text of ${id}`));
      for (const { id, title, text } of found) {
        const parts = text.split('\n');
        expect(title).toBe(`title of ${id}`);
        expect(parts.length).toBeLessThanOrEqual(3);
        expect(new Set(parts.map((part) => part.split('#')[0])).size).toBe(1);
      }
      // Ids without a page, and the last of a page, stand alone.
      expect(found.slice(-3).map(({ id }) => id)).toEqual(['b#0', 'word', 'word-2']);
    }
    expect(await joined(1)).toEqual(await joined(1));
  });
});
