import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { storageError } from '../data/lines.js';
import { candidatesOf, type CandidateId } from '../data/pairs.js';
import { FORMS } from '../data/queries.js';
import { unit, type SentenceEncoder } from '../data/sentence-encoder.js';
import type { TextRecord } from '../data/text-record.js';
import type { Teacher, TeacherProgress, TextGroup } from './teacher.js';

/** Texts between two writes: what an interruption costs at most. */
const CHUNK = 256;

/** What embeds texts; `SentenceEncoder` does. */
export type Encode = Pick<SentenceEncoder, 'encode'>;

/**
 * A sentence encoder as teacher: cosine of query and candidate. Embeddings of the collection's titles and texts are kept
 * beside it (`NAME-titles.f32`, `NAME-texts.f32`), so that each is computed once; after an interruption they go on where
 * they stopped. The vector of a title with its text is the normalised sum of theirs.
 */
export class SentenceTeacher implements Teacher {
  private vectors: { titles: Float32Array; texts: Float32Array; width: number } | undefined;

  constructor(
    readonly name: string,
    private readonly encoder: Encode,
  ) {}

  async prepare(
    records: readonly TextRecord[],
    directory: string,
    onProgress: TeacherProgress,
  ): Promise<void> {
    const embed = (field: 'title' | 'text', before: number): Promise<Float32Array> =>
      embedAll(
        path.join(directory, `${this.name}-${field}s.f32`),
        records.map((record) => record[field]),
        this.encoder,
        (done) => onProgress(before + done, 2 * records.length),
      );
    const titles = await embed('title', 0);
    const texts = await embed('text', records.length);
    this.vectors = { titles, texts, width: texts.length / records.length };
  }

  async score(groups: readonly TextGroup[]): Promise<number[][]> {
    const own = groups.flatMap(({ group }) => [
      group.query,
      ...candidatesOf(group).filter((candidate) => typeof candidate === 'string'),
    ]);
    const encoded = (await this.encoder.encode(own)).values();
    const next = (): Float32Array => encoded.next().value!;
    return groups.map(({ group }) => {
      const query = next();
      return candidatesOf(group).map((candidate) =>
        dot(query, typeof candidate === 'string' ? next() : this.vector(candidate)),
      );
    });
  }

  private vector(id: CandidateId): Float32Array {
    const { titles, texts, width } = this.vectors!;
    const start = Math.floor(id / FORMS.length) * width;
    const [title, text] = [titles, texts].map((all) => all.subarray(start, start + width));
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
  } catch (error) {
    throw storageError(error, file);
  } finally {
    await out.close();
  }
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
