import { createHash } from 'node:crypto';
import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Collection, EvaluationDocument } from './collection.js';
import { EvaluationError } from './errors.js';
import type { Reranker } from './evaluate.js';

/** One answer of a reranker, a line of its file. */
interface Answer {
  readonly query: string;
  readonly documents: readonly string[];
  readonly scores: readonly number[];
  /** Wall-clock time since the answer before, so that the sum is the time of the work. */
  readonly milliseconds: number;
}

/**
 * A reranker that is asked once for a query and a document, however many first stages find it. Every answer is kept in a file at
 * once: after an interruption what is there is not asked again.
 */
export class RememberedReranker implements Reranker {
  readonly name: string;
  readonly #reranker: Reranker;
  readonly #file: FileHandle;
  readonly #queries = new Map<string, string>();
  readonly #scores = new Map<string, Map<string, number>>();
  #milliseconds = 0;
  #asked = 0;
  #since = 0;
  #under = 0;

  private constructor(reranker: Reranker, file: FileHandle, { queries }: Collection) {
    this.name = reranker.name;
    this.#reranker = reranker;
    this.#file = file;
    for (const [id, text] of queries) this.#queries.set(text, id);
  }

  /**
   * @param directory where answers are kept, by collection and reranker
   * @throws EvaluationError `output_failed`
   */
  static async open(
    reranker: Reranker,
    collection: Collection,
    directory: string,
  ): Promise<RememberedReranker> {
    const digest = createHash('sha256')
      .update(collectionDigest(collection))
      .update(reranker.identity ?? '');
    const file = path.join(
      directory,
      `${fileName(reranker.name)}-${digest.digest('hex').slice(0, 16)}.jsonl`,
    );
    try {
      await mkdir(directory, { recursive: true });
      const handle = await open(file, 'a+');
      const remembered = new RememberedReranker(reranker, handle, collection);
      await remembered.#read(await readFile(file, 'utf8'));
      return remembered;
    } catch (cause) {
      const message = `${file} cannot be written: ${(cause as Error).message}`;
      throw new EvaluationError('output_failed', message, { file }, { cause });
    }
  }

  /** Wall-clock time over documents asked for. */
  get millisecondsPerDocument(): number {
    return this.#asked > 0 ? this.#milliseconds / this.#asked : 0;
  }

  async rerank(
    query: string,
    documents: readonly EvaluationDocument[],
    signal?: AbortSignal,
  ): Promise<readonly number[]> {
    const id = this.#queries.get(query) ?? query;
    const known = this.#scores.get(id);
    const wanted = documents.filter((document) => known?.has(document.id) !== true);
    if (wanted.length > 0) {
      if (this.#under === 0) this.#since = performance.now();
      this.#under += 1;
      try {
        const scores = await this.#reranker.rerank(query, wanted, signal);
        // What cannot be a score is for the caller to refuse.
        if (scores.length !== wanted.length || !scores.every(Number.isFinite)) return scores;
        const now = performance.now();
        const answer = {
          query: id,
          documents: wanted.map((document) => document.id),
          scores,
          milliseconds: now - this.#since,
        };
        this.#since = now;
        this.#take(answer);
        await this.#file.appendFile(`${JSON.stringify(answer)}\n`);
      } finally {
        this.#under -= 1;
      }
    }
    const all = this.#scores.get(id);
    return documents.map((document) => all?.get(document.id) ?? Number.NaN);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #take({ query, documents, scores, milliseconds }: Answer): void {
    const known = this.#scores.get(query) ?? new Map<string, number>();
    documents.forEach((id, i) => known.set(id, scores[i]!));
    this.#scores.set(query, known);
    this.#milliseconds += milliseconds;
    this.#asked += documents.length;
  }

  /** A last line that was cut off is taken away. */
  async #read(text: string): Promise<void> {
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const line of whole.split('\n').slice(0, -1)) this.#take(JSON.parse(line) as Answer);
    if (whole.length < text.length) await this.#file.truncate(Buffer.byteLength(whole));
  }
}

/** SHA-256 of a collection's documents and queries. */
export function collectionDigest({ documents, queries }: Collection): string {
  const hash = createHash('sha256');
  for (const { id, text } of documents.values()) hash.update(JSON.stringify([id, text]));
  for (const entry of queries) hash.update(JSON.stringify(entry));
  return hash.digest('hex');
}

/** A name as part of a file's name. */
export function fileName(name: string): string {
  return name.replace(/[^\w.+-]+/g, '-').replace(/^-+|-+$/g, '');
}
