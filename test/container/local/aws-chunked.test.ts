import fc from 'fast-check';
import { decodeAwsChunked, FramingError } from '../../../container/src/local/aws-chunked.js';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function decode(framed: Buffer, pieceSize = framed.length): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decodeAwsChunked(pieces(framed, pieceSize))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function frame(chunks: readonly Uint8Array[], extension: string, trailer: string): Buffer {
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from(`0${extension}\r\n${trailer}\r\n`)]);
}

test('gives back what was framed, however it arrives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      fc.constantFrom('', ';chunk-signature=abc'),
      fc.constantFrom('', 'x-amz-checksum-crc32:AAAAAA==\r\n'),
      fc.integer({ min: 1, max: 64 }),
      async (chunks, extension, trailer, pieceSize) => {
        const decoded = await decode(frame(chunks, extension, trailer), pieceSize);
        expect(decoded.equals(Buffer.concat(chunks))).toBe(true);
      },
    ),
  );
});

test.each([
  ['ends within a chunk', '5\r\nab'],
  ['ends before the last chunk', '2\r\nab\r\n'],
  ['is empty', ''],
  ['begins with no size', 'zz\r\nab\r\n0\r\n\r\n'],
  ['never ends its first line', 'a'.repeat(2000)],
])('refuses a body that %s', async (_, framed) => {
  await expect(decode(Buffer.from(framed), 100)).rejects.toThrow(FramingError);
});
