import { strToU8, zipSync } from 'fflate';
import type { Doc } from './documents.js';

/** The judged queries in BEIR's layout, for `reranker eval beir`. */
export function beirArchive(
  documents: readonly Doc[],
  judged: Readonly<Record<string, readonly string[]>>,
): Uint8Array {
  const known = new Set(documents.map(({ id }) => id));
  const queries = Object.entries(judged).flatMap(([text, ids], i) => {
    const found = ids.filter((id) => known.has(id));
    return found.length > 0 ? [{ id: `q${i + 1}`, text, found }] : [];
  });
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
