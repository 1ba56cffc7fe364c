/**
 * Makes the training texts and the tokenizer of the embedded model:
 *
 *     node dist/models/distil/data/prepare.js descriptions DESCRIPTIONS.txt OUT.jsonl
 *     node dist/models/distil/data/prepare.js dictionary NAME.index NAME.dict.dz OUT.jsonl
 *     node dist/models/distil/data/prepare.js wordnet OUT.jsonl data.noun data.verb data.adj data.adv
 *     node dist/models/distil/data/prepare.js html DIRECTORY OUT.jsonl
 *     node dist/models/distil/data/prepare.js tokenizer OUT.json TEXTS.jsonl...
 *     node dist/models/distil/data/prepare.js pairs SEED ROUNDS OUT-DIRECTORY TEXTS.jsonl...
 *     node dist/models/distil/data/prepare.js teacher MODEL.onnx TOKENIZER.json DIRECTORY
 *
 * `pairs` writes documents.jsonl (the records, trimmed) and groups.jsonl, whose candidates count its lines;
 * `teacher` scores them into scored.jsonl, and goes on where it was interrupted.
 */
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseDescriptions, withoutRepeats } from './descriptions';
import { readDictionary } from './dictionary';
import { readHtmlTree } from './html-sections';
import { writeLines } from './lines';
import { drawGroups, trimRecord } from './pairs';
import { SentenceEncoder } from './sentence-encoder';
import { readTextRecords, type TextRecord } from './text-record';
import { trainTokenizer } from './train-tokenizer';
import { scoreGroups } from '../teacher/score-groups';
import { SentenceTeacher } from '../teacher/sentence-teacher';
import { readWordNet } from './wordnet';

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
  if (command === 'pairs' && files.length >= 4) {
    const [seed, rounds] = files.slice(0, 2).map(Number);
    const records: TextRecord[] = [];
    for (const file of files.slice(3)) {
      const source = path.basename(file, '.jsonl');
      for await (const record of readTextRecords(file))
        records.push(trimRecord({ ...record, id: `${source}/${record.id}` }));
    }
    await mkdir(files[2], { recursive: true });
    await writeLines(records, path.join(files[2], 'documents.jsonl'));
    const groups = drawGroups(records, { seed, rounds, hard: 12, random: 3 });
    return `${await writeLines(groups, path.join(files[2], 'groups.jsonl'))} groups of ${records.length} records`;
  }
  if (command === 'teacher' && files.length === 3) {
    const [model, tokenizer, directory] = files;
    const encoder = await SentenceEncoder.load({ model, tokenizer, maximumTokens: 96, threads: 1 });
    const teachers = [{ teacher: new SentenceTeacher('sentences', encoder), weight: 1 }];
    await scoreGroups(directory, teachers, (stage, done, total) => {
      process.stderr.write(`\r${stage} ${done}${total === undefined ? '' : `/${total}`}   `);
    });
    return `\nscored ${directory}`;
  }
  throw new Error(
    'usage: prepare (descriptions TXT OUT | dictionary INDEX DICT OUT | wordnet OUT DATA... | html DIRECTORY OUT | tokenizer OUT TEXTS... | pairs SEED ROUNDS OUT-DIRECTORY TEXTS... | ' +
      'teacher MODEL TOKENIZER DIRECTORY)',
  );
}

main(process.argv.slice(2)).then(
  (done) => process.stdout.write(`${done}\n`),
  (error: unknown) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  },
);
