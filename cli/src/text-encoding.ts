/** Node's types have no name for it, and a browser's have. */
export type Decoder = InstanceType<typeof TextDecoder>;

/** Bytes that are looked at. */
export const SNIFFED_BYTES = 8_192;

/** Files that are known by their first bytes, and how their text is had. */
const FORMATS: readonly (readonly [begins: string, advice: string])[] = [
  ['%PDF-', 'is a PDF: rank its text, as of "pdftotext FILE -"'],
  ['PK\u0003\u0004', 'is a ZIP archive or an Office document: save it as text first'],
  ['\u001f\u008b', 'is compressed: unpack it, as with "gzip -dc FILE"'],
  ['\u007fELF', 'is a program, not text'],
  ['\u0089PNG', 'is a picture, not text'],
  ['\u00ff\u00d8\u00ff', 'is a picture, not text'],
];

/** What is said of bytes that the encoding found turns out not to be. */
export const NOT_ENCODED = 'is no text in UTF-8 or UTF-16: convert it, as with "iconv -f latin1 -t utf-8"';

/** The decoder of a file, or why it is no text, by its first bytes. In a browser, too. */
export function decoderOf(bytes: Uint8Array): Decoder | string {
  const first = String.fromCharCode(...bytes.subarray(0, 16));
  const format = FORMATS.find(([begins]) => first.startsWith(begins));
  if (format) return format[1];
  const encoding = encodingOf(bytes.subarray(0, SNIFFED_BYTES));
  return encoding === undefined
    ? 'is binary: give text in UTF-8 or UTF-16'
    : new TextDecoder(encoding, { fatal: true });
}

/** By the byte order mark, else by where the zero bytes of ASCII characters stand; undefined for other zero bytes. */
function encodingOf(head: Uint8Array): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2]! += 1;
  const [even, odd] = zeros as [number, number];
  if (even + odd === 0) return 'utf-8';
  // Other than text, which has zero bytes in nearly every second place.
  if (Math.max(even, odd) < 0.3 * (head.length / 2) || Math.min(even, odd) > 0) return undefined;
  return odd > even ? 'utf-16le' : 'utf-16be';
}
