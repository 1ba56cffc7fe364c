/** A body in `aws-chunked` framing that ends early or is framed otherwise. */
export class FramingError extends Error {
  override readonly name = 'FramingError';
}

// A chunk's head is its size in hexadecimal and perhaps a signature.
const LONGEST_HEAD = 1024;

/**
 * The content of a body in S3's `aws-chunked` framing, `SIZE[;extension]\r\n` before each chunk and `\r\n` after it, with
 * trailers after the chunk of size 0. The SDKs use it where a body is streamed. Signatures and trailers are not verified.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @throws FramingError
 */
export async function* decodeAwsChunked(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  /** Bytes left of the chunk being read, its closing line break included; 0 where a head is due. */
  let left = 0;
  let ended = false;
  for await (const piece of body) {
    // What follows the last chunk is read to its end and not looked at.
    if (ended) continue;
    pending = pending.length === 0 ? piece : Buffer.concat([pending, piece]);
    while (pending.length > 0 && !ended) {
      if (left > 0) {
        const content = pending.subarray(0, Math.max(0, Math.min(pending.length, left - 2)));
        if (content.length > 0) yield content;
        const taken = Math.min(pending.length, left);
        left -= taken;
        pending = pending.subarray(taken);
        continue;
      }
      const end = pending.indexOf('\r\n');
      if (end < 0) {
        if (pending.length > LONGEST_HEAD) throw new FramingError('a chunk begins with no size');
        break;
      }
      const size = sizeIn(pending.subarray(0, end).toString('latin1'));
      pending = pending.subarray(end + 2);
      if (size === 0) ended = true;
      else left = size + 2;
    }
  }
  if (!ended) throw new FramingError('the body ends before its last chunk');
}

function sizeIn(head: string): number {
  const [, digits] = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(head) ?? [];
  if (digits === undefined) throw new FramingError('a chunk begins with no size');
  return Number.parseInt(digits, 16);
}
