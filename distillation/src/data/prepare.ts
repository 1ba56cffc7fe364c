/**
 * Makes the training texts of the embedded model, files for a config's `corpus`, and its tokenizer:
 *
 *     node dist/models/distil/data/prepare.js descriptions DESCRIPTIONS.txt OUT.jsonl
 *     node dist/models/distil/data/prepare.js dictionary NAME.index NAME.dict.dz OUT.jsonl
 *     node dist/models/distil/data/prepare.js wordnet OUT.jsonl data.noun data.verb data.adj data.adv
 *     node dist/models/distil/data/prepare.js html DIRECTORY OUT.jsonl
 *     node dist/models/distil/data/prepare.js tokenizer OUT.json TEXTS.jsonl...
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseDescriptions, withoutRepeats } from './descriptions.js';
import { readDictionary } from './dictionary.js';
import { readHtmlTree } from './html-sections.js';
import { writeLines } from './lines.js';
import { readTextRecords } from './text-record.js';
import { trainTokenizer } from './train-tokenizer.js';
import { readWordNet } from './wordnet.js';

async function* texts(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) {
    for await (const record of readTextRecords(file)) yield `${record.title}\n${record.text}`;
  }
}

async function main([command, ...files]: string[]): Promise<string> {
  if (command === 'descriptions' && files.length === 2) {
    const lines = createInterface({ input: createReadStream(files[0]), crlfDelay: Infinity });
    return `${await writeLines(withoutRepeats(parseDescriptions(lines)), files[1])} records`;
  }
  if (command === 'dictionary' && files.length === 3) {
    return `${await writeLines(await readDictionary(files[0], files[1]), files[2])} records`;
  }
  if (command === 'wordnet' && files.length >= 2) {
    return `${await writeLines(readWordNet(files.slice(1)), files[0])} records`;
  }
  if (command === 'html' && files.length === 2) {
    return `${await writeLines(readHtmlTree(files[0]), files[1])} records`;
  }
  if (command === 'tokenizer' && files.length >= 2) {
    await trainTokenizer(() => texts(files.slice(1)), files[0], {
      vocabulary: 28_000,
      minimumCharacterCount: 60,
    });
    return `wrote ${files[0]}`;
  }
  throw new Error(
    'usage: prepare (descriptions TXT OUT | dictionary INDEX DICT OUT | wordnet OUT DATA... | html DIRECTORY OUT | tokenizer OUT TEXTS...)',
  );
}

main(process.argv.slice(2)).then(
  (done) => process.stdout.write(`${done}\n`),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  },
);
