const NEWLINE = 0x0a;

/**
 * The lines of a stream of bytes, each as soon as it is whole, without the empty ones. Bytes are decoded line by line,
 * so that a character cut in two by a chunk's end stays whole.
 * @throws TypeError when a line is not UTF-8
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let pending: Uint8Array[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = decoder.decode(Buffer.concat([...pending, chunk.subarray(start, end)]));
      pending = [];
      start = end + 1;
      if (line.trim() !== '') yield line;
    }
    // Copied: a transport may use its buffer again.
    if (start < chunk.length) pending.push(new Uint8Array(chunk.subarray(start)));
  }
  const rest = decoder.decode(Buffer.concat(pending));
  if (rest.trim() !== '') yield rest;
}
