import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { ModelError } from '@sagemaker-reranker/models';
import type { TextRecord } from './text-record.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Reads a dictionary in the format of dictd: `NAME.index` (headword, offset and length in its base 64, separated by
 * tabs) and `NAME.dict.dz` (gzip). Headwords that share an article give one record, titled by the first of them.
 * Source: dictd(8), "Database format".
 * @throws ModelError `config_invalid` naming the line of an index entry that points outside the dictionary.
 */
export async function readDictionary(indexFile: string, dictionaryFile: string): Promise<TextRecord[]> {
  const body = gunzipSync(await readFile(dictionaryFile));
  const records = new Map<string, TextRecord>();
  const lines = (await readFile(indexFile, 'utf8')).split('\n');
  lines.forEach((line, i) => {
    if (line === '' || line.startsWith('00-database') || line.startsWith('00database')) return;
    const [headword, offset, length] = line.split('\t');
    const start = decodeNumber(offset);
    const end = start + decodeNumber(length);
    if (!(end <= body.length)) {
      throw new ModelError(
        'config_invalid',
        `${indexFile}:${i + 1} does not name a part of ${dictionaryFile} (${body.length} bytes): "${line}"`,
        indexFile,
      );
    }
    const id = `${start}`;
    if (!records.has(id)) {
      records.set(id, { id, title: headword!, text: articleText(body.toString('utf8', start, end)) });
    }
  });
  return [...records.values()];
}

/** An article without its headword line, cross-reference braces, subject labels and dates; a paragraph a line. */
function articleText(article: string): string {
  return article
    .slice(article.indexOf('\n') + 1)
    .replace(/[{}]/g, '')
    .split(/\n\s*\n/)
    .map((paragraph) =>
      paragraph
        .replace(/\s+/g, ' ')
        .replace(/^ ?(\d\. )?<[^>]*> /, '$1')
        .trim(),
    )
    .filter(
      (paragraph) => paragraph !== '' && !/^(\(\d{4}-\d\d-\d\d\)|\(https?:.*\)\.?|\[.*\?\])$/.test(paragraph),
    )
    .join('\n');
}

function decodeNumber(digits: string | undefined): number {
  if (digits === undefined || digits === '') return Number.NaN;
  let value = 0;
  for (const digit of digits) {
    const at = DIGITS.indexOf(digit);
    if (at < 0) return Number.NaN;
    value = value * 64 + at;
  }
  return value;
}
