import { access } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '@sagemaker-reranker/models';
import * as v from 'valibot';
import { TRAINER_VOCABULARY, LEAST_VOCABULARY } from './data/train-tokenizer.js';
import { lossSettings, needsTeacher } from './loss.js';
import { RECIPE, recipeFaults } from './recipe.js';
import { amount, object, oneOf, readBySchema, share, text, whole } from './schema.js';

const weight = v.pipe(v.number('must be a number'), v.finite('must be a number'));
const file = text('name a file');
const KINDS = ['bm25', 'sentence-encoder', 'cross-encoder', 'container', 'endpoint'];

/** One teacher of a sum. Paths are relative to the config. */
const TEACHER = v.variant(
  'kind',
  [
    object({ kind: v.literal('bm25'), weight }),
    object({
      kind: v.literal('sentence-encoder'),
      weight,
      /** An ONNX file and the tokenizer that belongs to it. */
      model: file,
      tokenizer: file,
      /** Default of these three: what the files of sentence-transformers beside the model say, else mean and nothing. */
      pooling: v.optional(oneOf(['mean', 'cls'])),
      queryPrefix: v.optional(v.string('must be a text')),
      documentPrefix: v.optional(v.string('must be a text')),
    }),
    object({ kind: v.literal('cross-encoder'), weight, directory: text('name a directory') }),
    object({ kind: v.literal('container'), weight, url: text('be the address of a container') }),
    object({
      kind: v.literal('endpoint'),
      weight,
      endpointName: text('name an endpoint'),
      region: v.optional(text('name a region')),
    }),
  ],
  `must be one of ${KINDS.join(', ')}`,
);

const TOKENIZER = v.union(
  [object({ file }), object({ minimumCharacterCount: whole(1) })],
  'must be an object with "file", or with "minimumCharacterCount" (a whole number of at least 1) to train one, and nothing else',
);

/** Everything a student is made from. Paths are absolute once read. */
const CONFIG = object({
  /** Files of text records: `{"id", "title", "text"}` a line. Weak queries are asked of the file they were drawn from. */
  corpus: v.pipe(v.array(file, 'must name files'), v.nonEmpty('must name files')),
  /** Words of a document that are kept. Default 120. */
  documentWords: v.optional(whole(16)),
  /** Share of the records that one or two of those after them on their page are joined to: documents of two or three lengths. Default 0. */
  joined: v.optional(share()),
  /** File of queries: `{"query", "positive"}` a line, `positive` being a record's id or absent. Without it weak ones are drawn. */
  queries: v.optional(file),
  /** Text records whose titles are words of one meaning, separated by ", ": some words of weak queries are replaced by others of theirs. */
  synonyms: v.optional(file),
  candidates: object({
    /** Near candidates of a query, and random ones. */
    hard: whole(0),
    random: whole(0),
    /** Weak queries a record; below 1 the share of the records that get one. */
    rounds: amount(false),
    /** Draws the near ones from the first `depth` of BM25 and of the first sentence encoder; weak queries only. */
    depth: v.optional(whole(1)),
    /** Share of weak queries whose own record is a candidate; default 1. */
    withPositive: v.optional(share()),
  }),
  /** A file taken over, or how to train one of `student.architecture.vocabulary` tokens. */
  tokenizer: TOKENIZER,
  teachers: v.array(TEACHER, 'must be a list'),
  student: RECIPE,
  /** The word table: learnt from noise, or a learnt projection of the first sentence encoder's vectors of the tokens. Default `random`. */
  words: v.optional(oneOf(['random', 'teacher'])),
  precision: oneOf(['fp32', 'int8']),
  /** Directory for what the stages make; a run found there is gone on with. */
  work: text('name a directory'),
  /** The model directory to write. */
  out: text('name a directory'),
  /** Leaves malformed lines out, named and counted, instead of stopping. */
  lenient: v.optional(v.boolean('must be true or false')),
});

export type DistilConfig = v.InferOutput<typeof CONFIG>;
export type TeacherConfig = DistilConfig['teachers'][number];

/**
 * @throws ModelError `config_invalid` naming every field that is missing, unknown or out of range, or every file it names that
 * is not there.
 */
export async function readDistilConfig(configFile: string): Promise<DistilConfig> {
  const config = resolvePaths(
    await readBySchema(configFile, CONFIG, configFaults),
    path.dirname(path.resolve(configFile)),
  );
  const missing: string[] = [];
  for (const [field, named] of namedFiles(config)) {
    await access(named).catch(() => missing.push(`${field} is not there: ${named}`));
  }
  if (missing.length === 0) return config;
  throw new ModelError('config_invalid', `${configFile}: ${missing.join('; ')}`, configFile);
}

/** What fields say of each other that cannot be. */
function configFaults(config: DistilConfig): string[] {
  const { candidates, queries, student, synonyms, teachers, tokenizer, words } = config;
  const faults = recipeFaults(student, 'student.');
  const { hard, random, depth, withPositive } = candidates;
  const loss = lossSettings(student.loss);
  if (needsTeacher(loss) && teachers.length === 0)
    faults.push('student.loss wants a teacher and teachers is empty');
  const others = hard + random - (withPositive !== undefined && withPositive < 1 ? 1 : 0);
  if (student.negatives > others)
    faults.push(
      `student.negatives (${student.negatives}) must be at most ${others}, what candidates.hard (${hard}) and candidates.random (${random}) leave beside the first`,
    );
  if (depth !== undefined && depth < hard)
    faults.push(`candidates.depth (${depth}) must be at least candidates.hard (${hard})`);
  if (queries !== undefined && (depth !== undefined || withPositive !== undefined))
    faults.push('candidates.depth and candidates.withPositive are for weak queries and "queries" is given');
  if (queries !== undefined && synonyms !== undefined)
    faults.push('synonyms is for weak queries and "queries" is given');
  if (loss.contrastive > 0 && withPositive !== undefined && withPositive < 1)
    faults.push(
      'student.loss.contrastive wants a positive in every group: candidates.withPositive must be 1',
    );
  const { vocabulary } = student.architecture;
  if (!('file' in tokenizer) && (vocabulary >= TRAINER_VOCABULARY || vocabulary < LEAST_VOCABULARY))
    faults.push(
      `student.architecture.vocabulary (${vocabulary}) must be from ${LEAST_VOCABULARY} to ${TRAINER_VOCABULARY - 1} where a tokenizer is trained`,
    );
  if (words === 'teacher' && !teachers.some(({ kind }) => kind === 'sentence-encoder'))
    faults.push('words is "teacher" and none of the teachers is a sentence-encoder');
  return faults;
}

/** Files and directories that are read, by the field that names them. */
function namedFiles({ corpus, queries, synonyms, tokenizer, teachers }: DistilConfig): [string, string][] {
  const named: [string, string][] = corpus.map((name, i) => [`corpus[${i}]`, name]);
  if (queries !== undefined) named.push(['queries', queries]);
  if (synonyms !== undefined) named.push(['synonyms', synonyms]);
  if ('file' in tokenizer) named.push(['tokenizer.file', tokenizer.file]);
  teachers.forEach((teacher, i) => {
    if (teacher.kind === 'cross-encoder') named.push([`teachers[${i}].directory`, teacher.directory]);
    if (teacher.kind !== 'sentence-encoder') return;
    named.push([`teachers[${i}].model`, teacher.model], [`teachers[${i}].tokenizer`, teacher.tokenizer]);
  });
  return named;
}

function resolvePaths(config: DistilConfig, base: string): DistilConfig {
  const at = (name: string): string => path.resolve(base, name);
  return {
    ...config,
    corpus: config.corpus.map(at),
    ...(config.queries !== undefined && { queries: at(config.queries) }),
    ...(config.synonyms !== undefined && { synonyms: at(config.synonyms) }),
    tokenizer: 'file' in config.tokenizer ? { file: at(config.tokenizer.file) } : config.tokenizer,
    teachers: config.teachers.map((teacher) => {
      if (teacher.kind === 'cross-encoder') return { ...teacher, directory: at(teacher.directory) };
      if (teacher.kind !== 'sentence-encoder') return teacher;
      return { ...teacher, model: at(teacher.model), tokenizer: at(teacher.tokenizer) };
    }),
    work: at(config.work),
    out: at(config.out),
  };
}
