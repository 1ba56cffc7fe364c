import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readPassages, type Passage } from '../../cli/src/input.js';

let directory: string;
beforeAll(async () => (directory = await mkdtemp(path.join(tmpdir(), 'cli-input-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

async function passages(content: Buffer | string, paragraphs = false): Promise<Passage[]> {
  const file = path.join(directory, 'input');
  await writeFile(file, content);
  const found: Passage[] = [];
  for await (const passage of readPassages([file], paragraphs)) found.push(passage);
  return found;
}
const texts = async (content: Buffer | string, paragraphs = false): Promise<string[]> =>
  (await passages(content, paragraphs)).map(({ text }) => text);

const swapped = (buffer: Buffer): Buffer => Buffer.from(buffer).swap16();
const long = `${'Überlänge '.repeat(2_000)}\n日本語`;

describe('readPassages', () => {
  it('reads lines, and paragraphs with the line they start on', async () => {
    expect(await passages('a\r\n\n b \nc')).toMatchObject([
      { line: 1, text: 'a' },
      { line: 3, text: 'b' },
      { line: 4, text: 'c' },
    ]);
    expect(await passages('\na\nb\n\n\nc\n', true)).toMatchObject([
      { line: 2, text: 'a b' },
      { line: 6, text: 'c' },
    ]);
    expect(await passages('')).toEqual([]);
  });

  it.each([
    ['UTF-8', Buffer.from(long)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${long}`)],
    ['UTF-16 little-endian with its mark', Buffer.from(`\ufeff${long}`, 'utf16le')],
    ['UTF-16 big-endian with its mark', swapped(Buffer.from(`\ufeff${long}`, 'utf16le'))],
    ['UTF-16 little-endian', Buffer.from(long, 'utf16le')],
    ['UTF-16 big-endian', swapped(Buffer.from(long, 'utf16le'))],
  ])('reads %s, however its bytes fall into chunks', async (_, content) => {
    expect(await texts(content)).toEqual(long.split('\n').map((line) => line.trim()));
  });

  it.each([
    ['a PDF', Buffer.from('%PDF-1.7\n%\u00e2'), 'is a PDF: rank its text, as of "pdftotext'],
    ['a program', Buffer.from('\u007fELF\u0002\u0001\u0000\u0000', 'latin1'), 'is a program'],
    ['an Office document', Buffer.from('PK\u0003\u0004..', 'latin1'), 'Office document'],
    ['a compressed file', Buffer.from([0x1f, 0x8b, 8, 0]), 'unpack it'],
    ['Latin-1', Buffer.from('a caf\u00e9 au lait\n', 'latin1'), 'iconv'],
    ['Latin-1 far in', Buffer.from(`${'a\n'.repeat(90_000)}caf\u00e9 au lait\n`, 'latin1'), 'iconv'],
    ['binary', Buffer.from([1, 0, 0, 7, 0, 0, 0, 200, 0, 9]), 'is binary'],
    ['a character cut off', Buffer.from('abc\u65e5').subarray(0, 5), 'is no text'],
    ['one endless line', Buffer.alloc(10_000_100, 'x'), 'in one line'],
  ])('refuses %s with advice', async (_, content, message) => {
    await expect(texts(content)).rejects.toThrow(message);
  });

  it('says in words what cannot be read', async () => {
    const reading = async (file: string): Promise<void> => {
      for await (const passage of readPassages([file], false)) throw new Error(passage.text);
    };
    await expect(reading(path.join(directory, 'none'))).rejects.toThrow(
      'cannot be read: no such file or directory',
    );
    await expect(reading(directory)).rejects.toThrow('it is a directory: name its files');
  });
});
