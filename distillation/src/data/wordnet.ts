import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ModelError } from '@sagemaker-reranker/models';
import type { TextRecord } from './text-record.js';

/**
 * Reads WordNet's data files: a record a synset, titled by its words (separated by ", "), the gloss as text.
 * Format: wndb(5WN), "Data File Format": `offset file type w_cnt word lex_id ... p_cnt ... | gloss`, w_cnt in
 * hexadecimal; lines that start with two spaces are the licence.
 * @throws ModelError `config_invalid` naming file and line of a malformed synset.
 */
export async function* readWordNet(files: readonly string[]): AsyncGenerator<TextRecord> {
  for (const file of files) {
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number++;
      if (line.startsWith('  ') || line === '') continue;
      const bar = line.indexOf(' | ');
      const fields = line.slice(0, bar).split(' ');
      const count = Number.parseInt(fields[3]!, 16);
      if (bar < 0 || !(count > 0) || fields.length < 4 + 2 * count) {
        throw new ModelError('config_invalid', `${file}:${number} is not a WordNet synset: "${line}"`, file);
      }
      const words = Array.from({ length: count }, (_, i) => fields[4 + 2 * i]);
      yield {
        id: `${path.extname(file).slice(1)}-${fields[0]}`,
        // A syntactic marker such as "(p)" follows some adjectives.
        title: words.map((word) => word!.replace(/\(\w+\)$/, '').replaceAll('_', ' ')).join(', '),
        text: line.slice(bar + 3).trim(),
      };
    }
  }
}
