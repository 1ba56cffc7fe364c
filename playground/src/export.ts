import { strToU8, zipSync } from 'fflate';
import type { Doc } from './documents.js';

/** Texts called relevant, by query. Texts and not ids: other documents, or a line more, give the ids to others. */
export type Judgements = Readonly<Record<string, readonly string[]>>;

/** The queries for which some of these documents are called relevant, with the ids of those. */
export function judgedQueries(
  documents: readonly Doc[],
  judged: Judgements,
): { readonly text: string; readonly found: readonly string[] }[] {
  return Object.entries(judged).flatMap(([text, relevant]) => {
    const texts = new Set(relevant);
    const found = documents.filter((document) => texts.has(document.text)).map(({ id }) => id);
    return found.length > 0 ? [{ text, found }] : [];
  });
}

/** The judged queries in BEIR's layout, for `reranker eval beir`. */
export function beirArchive(documents: readonly Doc[], judged: Judgements): Uint8Array {
  const queries = judgedQueries(documents, judged).map((each, i) => ({ id: `q${i + 1}`, ...each }));
  const lines = (rows: readonly object[]): Uint8Array =>
    strToU8(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const qrels = queries.flatMap(({ id, found }) => found.map((document) => `${id}\t${document}\t1\n`));
  return zipSync({
    'playground/corpus.jsonl': lines(documents.map(({ id, text }) => ({ _id: id, title: '', text }))),
    'playground/queries.jsonl': lines(queries.map(({ id, text }) => ({ _id: id, text }))),
    'playground/qrels/test.tsv': strToU8(`query-id\tcorpus-id\tscore\n${qrels.join('')}`),
  });
}

export function download(name: string, content: Uint8Array): void {
  const url = URL.createObjectURL(new Blob([content as BlobPart]));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
