import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';

/** How a caller behaves on its connection. */
export const CONDUCTS = [
  'reads as it writes',
  'writes first',
  'writes slowly',
  'closes its side after writing',
  'resets in the middle',
  'resets after writing',
  'leaves before the answer',
] as const;
export type Conduct = (typeof CONDUCTS)[number];

/** How the end of the body is told. */
export const FRAMINGS = ['length', 'chunked', 'too long', 'too short', 'none', 'bad chunks'] as const;
export type Framing = (typeof FRAMINGS)[number];

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly type: string | undefined;
  readonly accept: string | undefined;
  readonly encoding: string | undefined;
  readonly framing: Framing;
  readonly conduct: Conduct;
  readonly body: Buffer;
  /** Where of the written bytes a caller who does not finish stops, 0..1. */
  readonly stop: number;
}

/** A word in every text that is sent: the log must never hold it. */
export const CANARY = 'qzxcanary';

/** What is known of a server from its `/openapi.json`. */
export interface Surface {
  readonly paths: readonly string[];
  readonly examples: readonly object[];
}

const { stringify } = JSON;
const TYPES = ['application/json', 'application/jsonlines', 'text/csv', 'application/x-ndjson'];
const ODD_TYPES = [
  '',
  'application/octet-stream',
  'text/plain',
  'application/json; charset=latin1',
  'a/b/c;;',
  '*/*',
];
const ACCEPTS = [
  '*/*',
  'application/json',
  'application/jsonlines',
  'text/csv',
  'application/jsonlines;q=0, application/json',
  'text/html;q=0.1',
  ',;q=',
];
const MARKS = ['\ufeff', '', '', ''];

const words = fc
  .oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.lorem({ maxCount: 80 }),
  )
  .map((text) => `${CANARY} ${text}`);

/** An example with its texts replaced, then perhaps one value replaced by any JSON, lost, or renamed. */
function bodies(examples: readonly object[]): fc.Arbitrary<object> {
  const holders = (node: unknown): [Record<string, unknown>, string][] =>
    typeof node !== 'object' || node === null
      ? []
      : Object.keys(node).flatMap((key) => {
          const holder = node as Record<string, unknown>;
          return [[holder, key] as [Record<string, unknown>, string], ...holders(holder[key])];
        });
  return fc
    .tuple(fc.constantFrom(...examples), fc.infiniteStream(words), fc.nat(), fc.jsonValue(), fc.nat(7))
    .map(([example, texts, at, value, how]) => {
      const body = JSON.parse(stringify(example)) as Record<string, unknown>;
      for (const [holder, key] of holders(body)) {
        if (typeof holder[key] === 'string' && / |\w{9}/.test(holder[key])) holder[key] = texts.next().value;
      }
      const all = holders(body);
      const [holder, key] = all[at % all.length]!;
      if (how === 0) holder[key] = value;
      else if (how === 1) Reflect.deleteProperty(holder, key);
      else if (how === 2) holder[`${key}x`] = value;
      return body;
    });
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

function texts(examples: readonly object[]): fc.Arbitrary<Buffer> {
  const body = bodies(examples).map((fields) => stringify(fields));
  const lines = fc.array(fc.oneof(body, fc.constant(''), words, fc.json()), { maxLength: 30 });
  const pairs = fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 40 });
  const rows = fc.array(fc.oneof(words.map(quoted), words, fc.constant('"')), { maxLength: 30 });
  const records = fc.array(fc.tuple(words, fc.array(words, { maxLength: 5 })), { maxLength: 10 });
  const text = fc.oneof(
    { weight: 6, arbitrary: body },
    lines.map((each) => each.join('\n')),
    pairs.map((each) => each.map((row) => row.map(quoted).join(',')).join('\r\n')),
    rows.map((each) => each.join('\n')),
    records.map((each) =>
      each
        .map(([query, documents], i) => [i, quoted(query), quoted(stringify(documents))].join(','))
        .join('\n'),
    ),
    fc.json({ maxDepth: 8 }),
    fc.nat(5_000).map((depth) => '['.repeat(depth)),
    fc.nat(50_000).map((count) => 'x\n'.repeat(count)),
    fc.nat(200_000).map((length) => stringify({ query: CANARY, documents: ['a'.repeat(length)] })),
  );
  return fc
    .tuple(text, fc.constantFrom(...MARKS), fc.option(fc.tuple(fc.nat(), fc.nat(255)), { freq: 8 }))
    .map(([each, mark, change]) => {
      const bytes = Buffer.from(mark + each);
      if (change !== null && bytes.length > 0) bytes[change[0] % bytes.length] = change[1];
      return bytes;
    });
}

const ENCODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
};

/** Any call there is, good or bad. */
export function calls({ paths, examples }: Surface): fc.Arbitrary<Call> {
  const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });
  return fc
    .record({
      method: often(fc.constant('POST'), fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'BREW')),
      path: often(
        fc.constantFrom(...paths),
        fc.constantFrom('/', '/nowhere', '/%zz', '/invocations/', '//ping?x'),
      ),
      type: often<string | undefined>(fc.constantFrom(...TYPES, undefined), fc.constantFrom(...ODD_TYPES)),
      accept: fc.option(fc.constantFrom(...ACCEPTS), { nil: undefined }),
      encoding: fc.option(fc.constantFrom(...Object.keys(ENCODERS), 'zstd', 'identity'), {
        nil: undefined,
        freq: 4,
      }),
      honest: fc.nat(9).map((n) => n > 0),
      framing: often<Framing>(fc.constantFrom('length', 'chunked'), fc.constantFrom(...FRAMINGS)),
      conduct: fc.constantFrom(...CONDUCTS),
      body: texts(examples),
      stop: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ honest, ...call }) => {
      const encode = ENCODERS[call.encoding ?? ''];
      return { ...call, body: encode !== undefined && honest ? encode(call.body) : call.body };
    });
}
