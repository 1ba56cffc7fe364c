import { appendFile, open, readFile, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { readGroups } from './groups';
import type { CandidateId, Group } from './pairs';
import { FORMS } from './queries';
import { unit, type SentenceEncoder } from './sentence-encoder';
import { readTextRecords, type TextRecord } from './text-record';

/** Texts, or groups, between two writes: what an interruption costs at most. */
const CHUNK = 256;

/** What embeds texts; `SentenceEncoder` does. */
export type Encode = Pick<SentenceEncoder, 'encode'>;

/**
 * Scores every candidate of the groups that `pairs` wrote to a directory: cosine of query and candidate. Writes
 * `scored.jsonl`, the groups with `teacher` (positive, hard, random), in their order. Embeddings of titles and texts are
 * kept beside it (`titles.f32`, `texts.f32`); after an interruption a second call goes on where the first stopped.
 * The vector of a title with its text is the normalised sum of theirs.
 */
export async function scoreGroups(
  directory: string,
  encoder: Encode,
  onProgress: (stage: string, done: number, total: number) => void,
): Promise<void> {
  const records: TextRecord[] = [];
  for await (const record of readTextRecords(path.join(directory, 'documents.jsonl'))) records.push(record);
  const embed = (name: 'title' | 'text'): Promise<Float32Array> =>
    embedAll(
      path.join(directory, `${name}s.f32`),
      records.map((record) => record[name]),
      encoder,
      (done) => onProgress(`${name}s`, done, records.length),
    );
  const scorer = new Scorer(await embed('title'), await embed('text'), records.length);
  const scored = path.join(directory, 'scored.jsonl');
  const finished = await countWhole(scored);
  let position = 0;
  let chunk: Group[] = [];
  const flush = async (): Promise<void> => {
    const texts = chunk.flatMap(({ query, positive }) =>
      typeof positive === 'string' ? [query, positive] : [query],
    );
    const vectors = (await encoder.encode(texts)).values();
    const lines = chunk.map((group) => {
      const query = vectors.next().value!;
      const own = typeof group.positive === 'string' ? vectors.next().value! : undefined;
      return `${JSON.stringify({ ...group, teacher: scorer.scores(group, query, own) })}\n`;
    });
    await appendFile(scored, lines.join(''));
    chunk = [];
    onProgress('groups', position, Number.NaN);
  };
  for await (const group of readGroups(path.join(directory, 'groups.jsonl'), records.length)) {
    if (position++ < finished) continue;
    chunk.push(group);
    if (chunk.length === CHUNK) await flush();
  }
  if (chunk.length > 0) await flush();
}

class Scorer {
  private readonly width: number;

  constructor(
    private readonly titles: Float32Array,
    private readonly texts: Float32Array,
    records: number,
  ) {
    this.width = texts.length / records;
  }

  scores(group: Group, query: Float32Array, own: Float32Array | undefined): number[] {
    const positive = own ?? this.vector(group.positive as CandidateId);
    const candidates = [...group.hard, ...group.random].map((id) => this.vector(id));
    return [positive, ...candidates].map((vector) => Math.round(1e4 * dot(query, vector)) / 1e4);
  }

  private vector(id: CandidateId): Float32Array {
    const start = Math.floor(id / FORMS.length) * this.width;
    const [title, text] = [this.titles, this.texts].map((all) => all.subarray(start, start + this.width));
    const form = FORMS[id % FORMS.length];
    if (form === 'full') return unit(title.map((value, k) => value + text[k]));
    return form === 'title' ? title : text;
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

/** Embeddings of all texts, one after the other in a file; those already there are not computed again. */
async function embedAll(
  file: string,
  texts: readonly string[],
  encoder: Encode,
  onProgress: (done: number) => void,
): Promise<Float32Array> {
  // The width is the encoder's; an empty text tells it.
  const [probe] = await encoder.encode(['']);
  const rowBytes = probe.byteLength;
  const there = await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
  // Only whole chunks count: batches then hold the same texts as in a run that was not interrupted.
  let done = Math.floor(there / rowBytes);
  if (done < texts.length) done -= done % CHUNK;
  const out = await open(file, 'a');
  try {
    await out.truncate(done * rowBytes);
    for (; done < texts.length; done = Math.min(done + CHUNK, texts.length)) {
      const vectors = await encoder.encode(texts.slice(done, done + CHUNK));
      await out.appendFile(
        Buffer.concat(vectors.map((v) => new Uint8Array(v.buffer, v.byteOffset, rowBytes))),
      );
      onProgress(Math.min(done + CHUNK, texts.length));
    }
  } finally {
    await out.close();
  }
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** Lines of whole chunks in a file, after what an interruption left over is cut off. */
async function countWhole(file: string): Promise<number> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  let lines = 0;
  let end = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) {
    lines++;
    if (lines % CHUNK === 0) end = at + 1;
  }
  if (end < bytes.length) await truncate(file, end);
  return lines - (lines % CHUNK);
}
