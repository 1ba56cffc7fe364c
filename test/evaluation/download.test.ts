import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { readBeir } from '../../evaluation/src/beir.js';
import { stored } from '../support/stored.js';
import { beirArchive, downloadBeir, type BeirArchive } from '../../evaluation/src/download.js';

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A ZIP archive of deflated files (APPNOTE 6.3, sections 4.3.7, 4.3.12 and 4.3.16). */
function makeZip(files: Record<string, string>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const [raw, title] = [Buffer.from(content), Buffer.from(name)];
    const data = deflateRawSync(raw);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(raw.length, 18);
    common.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, title, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, title]));
    locals.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, index, Buffer.from('PK\x05\x06', 'latin1'), end]);
}

const files = {
  'small/corpus.jsonl': '{"_id":"d1","title":"Wings","text":"lift"}\n',
  'small/queries.jsonl': '{"_id":"q1","text":"what lifts"}\n',
  'small/qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t1\n',
  'small/notes.exe': 'not part of the layout',
  'elsewhere/corpus.jsonl': 'another folder',
};

let server: Server;
let base: string;
let requests: string[];
/** Whether the server knows ranges. */
let ranges: boolean;
let bodies: Record<string, Buffer>;
let directory: string;

/** Bytes of an answer after which the connection is broken, in the order of the requests; whole answers after them. */
let breaks: number[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push([request.url, range].filter(Boolean).join(' '));
    const body = bodies[request.url!];
    if (!body) return void response.writeHead(404).end('none');
    const start = ranges && range ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
    if (start >= body.length) {
      return void response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    }
    const rest = body.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
    });
    const most = breaks.shift();
    if (most === undefined) return void response.end(rest);
    response.write(rest.subarray(0, most));
    void stored(path.join(directory, 'small.zip.part'), start + most).then(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  requests = [];
  breaks = [];
  ranges = true;
  directory = await mkdtemp(path.join(tmpdir(), 'download-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const serve = (file: string, body: Buffer): BeirArchive => {
  bodies = { [`/${file}`]: body };
  return { name: 'small', url: `${base}/${file}`, md5: createHash('md5').update(body).digest('hex') };
};

describe('downloadBeir', () => {
  it('checks, unpacks the layout only, and reports progress to the last byte', async () => {
    const body = makeZip(files);
    const seen: [number, number | undefined][] = [];
    const archive = serve('small.zip', body);
    const target = await downloadBeir(archive, directory, { onProgress: (...at) => seen.push(at) });
    expect(target).toBe(path.join(directory, 'small'));
    expect((await readdir(target, { recursive: true })).sort()).toEqual([
      'corpus.jsonl',
      'qrels',
      'qrels/test.tsv',
      'queries.jsonl',
    ]);
    expect(await readFile(path.join(target, 'corpus.jsonl'), 'utf8')).toBe(files['small/corpus.jsonl']);
    expect((await readBeir(target)).queries.size).toBe(1);
    expect(seen.at(-1)).toEqual([body.length, body.length]);
    expect(await readdir(directory)).toEqual(['small']);
  });

  it('does not download again what is there', async () => {
    const archive = serve('small.zip', makeZip(files));
    await downloadBeir(archive, directory);
    await downloadBeir(archive, directory);
    expect(requests).toEqual(['/small.zip']);
  });

  it.each([
    [
      'a wrong checksum',
      () => ({ ...serve('small.zip', makeZip(files)), md5: '0'.repeat(32) }),
      /has MD5 .* not 0{32}/,
    ],
    [
      'no such file',
      () => ({ ...serve('small.zip', makeZip(files)), url: `${base}/none.zip` }),
      /status 404/,
    ],
    [
      'no server',
      () => ({ ...serve('x', Buffer.alloc(0)), url: 'http://127.0.0.1:1/x' }),
      /cannot be downloaded/,
    ],
    ['an archive that is none', () => serve('small.zip', Buffer.from('hello')), /cannot be unpacked/],
    [
      'an archive of something else',
      () => serve('small.zip', makeZip({ 'other/a.txt': 'a' })),
      /holds no small\/corpus.jsonl/,
    ],
    [
      'an archive that leaves its folder',
      () => serve('small.zip', makeZip({ ...files, '../escaped.tsv': 'a' })),
      /cannot be unpacked/,
    ],
  ])('fails on %s and leaves nothing behind', async (_, archive, message) => {
    const attempt = downloadBeir(archive(), directory);
    await expect(attempt).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(message),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('goes on after each break from the byte it has, and counts the progress on', async () => {
    const archive = serve('small.zip', makeZip(files));
    breaks = [20, 30];
    const seen: number[] = [];
    await downloadBeir(archive, directory, { onProgress: (bytes) => seen.push(bytes) });
    expect(requests).toEqual(['/small.zip', '/small.zip bytes=20-', '/small.zip bytes=50-']);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(bodies['/small.zip'].length);
    expect(await readdir(directory)).toEqual(['small']);
  });

  it('keeps what came for the next call when nothing more comes', async () => {
    const archive = serve('small.zip', makeZip(files));
    breaks = [20, 0];
    await expect(downloadBeir(archive, directory)).rejects.toMatchObject({
      code: 'download_failed',
      message: expect.stringContaining('20 bytes are kept for the next attempt') as string,
    });
    expect(await readdir(directory)).toEqual(['small.zip.part']);
    await downloadBeir(archive, directory);
    expect(requests.at(-1)).toBe('/small.zip bytes=20-');
    expect(await readdir(directory)).toEqual(['small']);
  });

  it.each([
    ['of another archive', Buffer.from('something else'), ['/small.zip bytes=14-', '/small.zip']],
    ['longer than the archive', Buffer.alloc(10_000), ['/small.zip bytes=10000-', '/small.zip']],
    ['whole', makeZip(files), [`/small.zip bytes=${makeZip(files).length}-`]],
  ])('gets along with an earlier part that is %s', async (_, part, expected) => {
    const archive = serve('small.zip', makeZip(files));
    await writeFile(path.join(directory, 'small.zip.part'), part);
    await downloadBeir(archive, directory);
    expect(requests).toEqual(expected);
    expect(await readdir(directory)).toEqual(['small']);
  });

  it('starts again where the server knows no ranges, and gives up when that brings nothing more', async () => {
    const archive = serve('small.zip', makeZip(files));
    ranges = false;
    breaks = [20];
    await downloadBeir(archive, directory);
    expect(requests).toHaveLength(2);
    await rm(path.join(directory, 'small'), { recursive: true });
    breaks = [20, 10];
    await expect(downloadBeir(archive, directory)).rejects.toMatchObject({ code: 'download_failed' });
  });

  it('stops at an abort', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(downloadBeir(serve('small.zip', makeZip(files)), directory, { signal })).rejects.toThrow(
      'stopped',
    );
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('beirArchive', () => {
  it('knows the published collections by name, and says which there are', () => {
    expect(beirArchive('scifact').url).toMatch(/^https:.*\/scifact\.zip$/);
    expect(() => beirArchive('constructor')).toThrow(/no BEIR collection "constructor"; there are arguana, /);
  });
});
