import path from 'node:path';
import { type SentenceEncoder, encodeToFile, unit } from '@sagemaker-reranker/inference/runtime';
import { storageError } from '../data/lines.js';
import { candidatesOf, type CandidateId } from '../data/pairs.js';
import { FORMS } from '../data/queries.js';
import type { TextRecord } from '../data/text-record.js';
import type { Teacher, TeacherProgress, TextGroup } from './teacher.js';

/** What embeds texts; `SentenceEncoder` does. */
type Encode = Pick<SentenceEncoder, 'encode' | 'close'>;

/** Vectors one after the other. */
interface Vectors {
  readonly all: Float32Array;
  readonly width: number;
}

/**
 * A sentence encoder as teacher: cosine of query and candidate. Embeddings of the collection's titles and texts, and of
 * drawn queries, are kept beside it (`NAME-titles.f32`, `NAME-texts.f32`, `NAME-queries.f32`), so that each is computed
 * once; after an interruption they go on where they stopped. The vector of a title with its text is the normalised sum of
 * theirs.
 */
export class SentenceTeacher implements Teacher {
  #titles: Vectors | undefined;
  #texts: Vectors | undefined;
  readonly #queries = new Map<string, Float32Array>();

  constructor(
    readonly name: string,
    readonly encoder: Encode,
  ) {}

  async prepare(
    records: readonly TextRecord[],
    directory: string,
    onProgress: TeacherProgress,
  ): Promise<void> {
    const embed = (field: 'title' | 'text', before: number): Promise<Vectors> =>
      this.#embedAll(
        path.join(directory, `${this.name}-${field}s.f32`),
        records.map((record) => record[field]),
        'document',
        (done) => onProgress(before + done, 2 * records.length),
      );
    this.#titles ??= await embed('title', 0);
    this.#texts ??= await embed('text', records.length);
  }

  /** Vectors of queries that will be asked, row-major [queries, width]. */
  async prepareQueries(
    queries: readonly string[],
    directory: string,
    onProgress: TeacherProgress,
  ): Promise<Float32Array> {
    const file = path.join(directory, `${this.name}-queries.f32`);
    const { all, width } = await this.#embedAll(file, queries, 'query', (done) =>
      onProgress(done, queries.length),
    );
    queries.forEach((query, i) => this.#queries.set(query, all.subarray(i * width, (i + 1) * width)));
    return all;
  }

  /** Vectors of the records in full form, row-major [records, width]. */
  recordVectors(): Float32Array {
    const { all, width } = this.#texts!;
    const vectors = new Float32Array(all.length);
    for (let i = 0; i < all.length / width; i++)
      vectors.set(this.#vector(i * FORMS.length + FORMS.indexOf('full')), i * width);
    return vectors;
  }

  async score(groups: readonly TextGroup[]): Promise<number[][]> {
    const asked = groups.flatMap(({ group: { query } }) => (this.#queries.has(query) ? [] : [query]));
    const queries = (await this.encoder.encode(asked, 'query')).values();
    const loose = groups.flatMap(({ group }) =>
      candidatesOf(group).filter((candidate) => typeof candidate === 'string'),
    );
    const texts = (await this.encoder.encode(loose, 'document')).values();
    return groups.map(({ group }) => {
      const query = this.#queries.get(group.query) ?? queries.next().value!;
      return candidatesOf(group).map((candidate) =>
        dot(query, typeof candidate === 'string' ? texts.next().value! : this.#vector(candidate)),
      );
    });
  }

  close(): Promise<void> {
    return this.encoder.close();
  }

  #vector(id: CandidateId): Float32Array {
    const { all: texts, width } = this.#texts!;
    const start = Math.floor(id / FORMS.length) * width;
    const [title, text] = [this.#titles!.all, texts].map((all) => all.subarray(start, start + width)) as [
      Float32Array,
      Float32Array,
    ];
    const form = FORMS[id % FORMS.length];
    if (form === 'full') return unit(title.map((value, k) => value + text[k]!));
    return form === 'title' ? title : text;
  }

  /** Of a text of several paragraphs the normalised sum of theirs: an encoder reads the start of a long text alone. */
  async #embedTexts(texts: readonly string[], role: 'query' | 'document'): Promise<Float32Array[]> {
    const paragraphs = texts.map((text) => text.split('\n'));
    const vectors = (await this.encoder.encode(paragraphs.flat(), role)).values();
    return paragraphs.map((own) => {
      const first = vectors.next().value!;
      if (own.length === 1) return first;
      const sum = Float32Array.from(first);
      for (let i = 1; i < own.length; i++) vectors.next().value!.forEach((value, k) => (sum[k]! += value));
      return unit(sum);
    });
  }

  /** Embeddings of all texts, one after the other in a file; those already there are not computed again. */
  #embedAll(
    file: string,
    texts: readonly string[],
    role: 'query' | 'document',
    onProgress: (done: number) => void,
  ): Promise<Vectors> {
    const encoder = { encode: (some: readonly string[]) => this.#embedTexts(some, role) };
    return encodeToFile(encoder, file, texts, role, onProgress).catch((error: unknown) => {
      throw storageError(error, file);
    });
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
