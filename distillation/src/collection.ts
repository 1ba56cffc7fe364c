import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError, Random, replaceFile } from '@sagemaker-reranker/models';
import type { DistilConfig } from './config.js';
import { lexicalNegatives, lexicalStage, nearestRecords, tableStage } from './data/first-stages.js';
import { givenGroups } from './data/given-groups.js';
import { writeLines, type Fault } from './data/lines.js';
import { drawGroups, drawQueries, trimRecord, type Collection, type FirstStage } from './data/pairs.js';
import { readSynonyms } from './data/synonyms.js';
import { TermIndex } from './data/term-index.js';
import { porter } from './data/terms.js';
import { joinRecords, readTextRecords, type TextRecord } from './data/text-record.js';
import type { Stages } from './stages.js';
import type { SentenceTeacher } from './teacher/sentence-teacher.js';

/** Words of a document that are kept where the config does not say: what a student reads in training and little more. */
const DOCUMENT_WORDS = 120;

interface CollectionOptions {
  readonly threads: number;
  readonly onStage?: ((stage: string, done?: number, total?: number) => void) | undefined;
  /** Takes malformed lines of a lenient run. */
  readonly onFault?: ((fault: Fault) => void) | undefined;
  /** Finds candidates beside BM25, and the vectors of drawn queries are kept for it. */
  readonly encoder: () => Promise<SentenceTeacher | undefined>;
}

/** `documents.jsonl` of the corpus, and the part of it that each file is. */
export async function makeDocuments(
  config: DistilConfig,
  stages: Stages,
  { onStage, onFault }: CollectionOptions,
): Promise<void> {
  const { corpus, lenient = false, documentWords = DOCUMENT_WORDS, joined = 0 } = config;
  const sizes = await Promise.all(corpus.map(async (file) => (await stat(file)).size));
  const files = ['documents.jsonl', 'collections.json'];
  const { seed } = config.student;
  const join = joined > 0 ? { joined, seed } : {};
  await stages.begin('documents', { corpus, sizes, lenient, documentWords, ...join }, files);
  const [documents, parts] = files.map((file) => path.join(stages.work, file)) as [string, string];
  if (await exists(documents)) return;
  onStage?.('documents');
  const collections: Collection[] = [];
  let count = 0;
  const random = new Random(seed);
  const fault = lenient ? (onFault ?? (() => undefined)) : undefined;
  async function* records(): AsyncGenerator<TextRecord> {
    for (const file of corpus) {
      const first = count;
      for await (const record of joinRecords(trimmed(file, documentWords, fault), joined, random)) {
        count++;
        yield record;
      }
      collections.push({ first, end: count });
    }
  }
  await writeLines(records(), `${documents}.all`);
  if (count < 2) {
    await rm(`${documents}.all`);
    const message = `the corpus (${corpus.join(', ')}) has ${count} documents: at least 2 are wanted`;
    throw new ModelError('config_invalid', message);
  }
  await replaceFile(parts, (part) => writeFile(part, `${JSON.stringify(collections)}\n`));
  await replaceFile(documents, async (part) => writeFile(part, await readFile(`${documents}.all`)));
  await rm(`${documents}.all`);
}

async function* trimmed(
  file: string,
  words: number,
  onFault: ((fault: Fault) => void) | undefined,
): AsyncGenerator<TextRecord> {
  for await (const record of readTextRecords(file, onFault)) yield trimRecord(record, words);
}

/** `groups.jsonl`: queries with their candidates. Weak queries are asked of the file that their record is in. */
export async function makeGroups(
  config: DistilConfig,
  stages: Stages,
  options: CollectionOptions,
): Promise<void> {
  const { queries, candidates, teachers, synonyms } = config;
  const { seed } = config.student;
  const deep = candidates.depth !== undefined && queries === undefined;
  const encoder = deep ? teachers.find(({ kind }) => kind === 'sentence-encoder') : undefined;
  const finder = encoder && { ...encoder, weight: undefined };
  const inputs = {
    documents: stages.digest('documents'),
    ...(queries !== undefined && { queries, size: (await stat(queries)).size }),
    ...(synonyms !== undefined && { synonyms, bytes: (await stat(synonyms)).size }),
    candidates,
    seed,
    finder,
  };
  const out = path.join(stages.work, 'groups.jsonl');
  const index = teachers.findIndex(({ kind }) => kind === 'sentence-encoder');
  await stages.begin('groups', inputs, [
    'groups.jsonl',
    ...(index < 0 ? [] : [`sentence-encoder-${index}-queries.f32`]),
  ]);
  if (await exists(out)) return;
  options.onStage?.('groups');
  const records: TextRecord[] = [];
  for await (const record of readTextRecords(path.join(stages.work, 'documents.jsonl'))) records.push(record);
  const terms = new TermIndex(records, await porter());
  const draw = { ...candidates, seed, synonyms };
  const onFault = config.lenient ? (options.onFault ?? (() => undefined)) : undefined;
  const groups =
    queries === undefined
      ? await weakGroups(records, terms, draw, stages.work, options)
      : givenGroups(queries, records, terms, draw, onFault);
  if ((await writeLines(groups, out)) > 0) return;
  await rm(out);
  const of = queries ?? `the ${records.length} documents of ${config.corpus.join(', ')}`;
  const reason = `no group of a query with candidates could be made from ${of}: weak queries want a title and 3 words, or 16 words`;
  throw new ModelError('config_invalid', reason);
}

async function weakGroups(
  records: readonly TextRecord[],
  terms: TermIndex,
  draw: DistilConfig['candidates'] & { readonly seed: number; readonly synonyms?: string },
  work: string,
  { threads, onStage, encoder }: CollectionOptions,
) {
  const collections = JSON.parse(await readFile(path.join(work, 'collections.json'), 'utf8')) as Collection[];
  const { depth, synonyms } = draw;
  const queries = [
    ...drawQueries(records, terms, draw, synonyms === undefined ? undefined : await readSynonyms(synonyms)),
  ];
  const teacher = depth === undefined ? undefined : await encoder();
  const stages: FirstStage[] = [(depth === undefined ? lexicalNegatives : lexicalStage)(terms, collections)];
  if (depth !== undefined && teacher) {
    await teacher.prepare(records, work, (done, all) => onStage?.(`${teacher.name}: texts`, done, all));
    const asked = await teacher.prepareQueries(
      queries.map(({ query }) => query),
      work,
      (done, all) => onStage?.(`${teacher.name}: queries`, done, all),
    );
    onStage?.(`${teacher.name}: nearest`);
    const table = await nearestRecords(queries, asked, teacher.recordVectors(), collections, depth, threads);
    stages.push(tableStage(table, depth));
  }
  return drawGroups(records, queries, collections, stages, draw);
}

const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined;
