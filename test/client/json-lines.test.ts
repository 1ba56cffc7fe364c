import fc from 'fast-check';
import { readLines } from '../../client/src/json-lines.js';

async function read(chunks: readonly Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* chunks;
  }
  for await (const line of readLines(source())) lines.push(line);
  return lines;
}

it('gives the lines that were written, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text))),
      fc.boolean(),
      fc.array(fc.nat(40)),
      async (lines, terminated, cuts) => {
        const bytes = Buffer.from(lines.join('\n') + (terminated ? '\n' : ''));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          chunks.push(bytes.subarray(at, Math.min(at + cut, bytes.length)));
          at = Math.min(at + cut, bytes.length);
        }
        expect(await read(chunks)).toEqual(lines);
      },
    ),
  );
});

it('skips empty lines, takes carriage returns for space, and refuses what is not UTF-8', async () => {
  expect(await read([Buffer.from('\n\r\n1\r\n')])).toEqual(['1\r']);
  await expect(read([Buffer.from([0xff, 0x0a])])).rejects.toThrow('utf-8');
});

it('does not hold on to a buffer that its source uses again', async () => {
  const buffer = Buffer.from('12');
  async function* source(): AsyncGenerator<Uint8Array, void, undefined> {
    yield buffer;
    buffer.write('34');
    yield buffer;
  }
  const lines: string[] = [];
  for await (const line of readLines(source())) lines.push(line);
  expect(lines).toEqual(['1234']);
});
