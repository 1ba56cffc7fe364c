import { copyFile, cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import {
  type Comparison,
  type Verification,
  compareModels,
  verifyModel,
} from '@sagemaker-reranker/inference/verify';
import {
  ModelError,
  type ModelManifest,
  emptyTarget,
  readManifest,
  replaceFile,
  writeWhole,
} from '@sagemaker-reranker/models';
import type { DistilConfig, TeacherConfig } from './config.js';
import { givenGroups } from './data/given-groups.js';
import { writeLines, type Fault } from './data/lines.js';
import { drawGroups, trimRecord } from './data/pairs.js';
import { SentenceEncoder } from './data/sentence-encoder.js';
import { readTextRecords, type TextRecord } from './data/text-record.js';
import { trainTokenizer } from './data/train-tokenizer.js';
import { distil, exportStudent, type Progress } from './distil.js';
import { Bm25Teacher } from './teacher/bm25-teacher.js';
import { CrossEncoder } from './teacher/cross-encoder.js';
import { scoreGroups, type WeightedTeacher } from './teacher/score-groups.js';
import { SentenceTeacher } from './teacher/sentence-teacher.js';
import { remoteTeacher, type ScoreDocuments } from './teacher/teacher.js';

export interface PipelineOptions {
  readonly threads?: number;
  /** Opens a teacher of kind `container` or `endpoint`; this room does not call others itself. */
  readonly connect?: (teacher: TeacherConfig) => ScoreDocuments;
  readonly onStage?: (stage: string, done?: number, total?: number) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** Malformed lines of a lenient run. */
  readonly onFault?: (fault: Fault) => void;
  readonly checkpointEvery?: number;
  readonly signal?: AbortSignal;
}

export interface PipelineResult {
  readonly manifest: ModelManifest;
  readonly verification: Verification;
  /** The model against its fp32 form, where it is int8. */
  readonly comparison?: Comparison;
}

/** Tokens of a pair that a teacher reads. */
const TEACHER_TOKENS = 128;

/**
 * Makes a student: groups, tokenizer, teacher's scores, training, export, verification. Each stage leaves its result in
 * the work directory, complete or not at all, so that the same config goes on where a run was stopped.
 * @throws ModelError as the stages; `config_invalid` where the work directory was made from another config.
 */
export async function runDistillation(
  config: DistilConfig,
  options: PipelineOptions = {},
): Promise<PipelineResult> {
  const { work } = config;
  const threads = options.threads ?? availableParallelism();
  await mkdir(work, { recursive: true });
  await checkTarget(config.out);
  await lockConfig(config);
  await makeGroups(config, options);
  const tokenizerFile = await makeTokenizer(config, options);
  await makeScores(config, options, threads);
  options.onStage?.('train');
  const { student: recipe } = config;
  const student = await distil({
    recipe,
    data: work,
    tokenizerFile,
    work,
    threads,
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.checkpointEvery !== undefined && { checkpointEvery: options.checkpointEvery }),
    ...(options.signal && { signal: options.signal }),
  });
  options.onStage?.('export');
  // In the work directory, which is this config's alone; what stands at `out` may be another run's.
  const at = (precision: string): string => path.join(work, precision);
  for (const precision of new Set(['fp32', config.precision] as const)) {
    const out = at(precision);
    if (!(await exists(out))) await exportStudent(out, recipe, student, { precision, tokenizerFile });
  }
  await publish(at(config.precision), config.out);
  const manifest = await readManifest(config.out);
  options.onStage?.('verify');
  const verification = await verifyModel(config.out);
  if (config.precision === 'fp32') return { manifest, verification };
  const comparison = await compareModels(config.out, manifest, path.join(at('fp32'), 'model.onnx'));
  return { manifest, verification, comparison };
}

/** @throws ModelError `output_exists` when there is something else at `out`. */
async function publish(made: string, out: string): Promise<void> {
  const digests = async (directory: string): Promise<string> =>
    JSON.stringify((await readManifest(directory)).files);
  const same = (await digests(out).catch(() => undefined)) === (await digests(made));
  if (!same) await writeWhole(out, (directory) => cp(made, directory, { recursive: true }));
}

const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined;

/**
 * Before the hours of a training rather than after them.
 * @throws ModelError `output_exists` when `out` holds anything but an earlier student.
 */
async function checkTarget(out: string): Promise<void> {
  const there = await readManifest(out).catch(() => undefined);
  if (there?.source.kind !== 'distilled') await emptyTarget(out);
}

/** The work directory belongs to one config; another's stages must not be taken for its own. */
async function lockConfig(config: DistilConfig): Promise<void> {
  const file = path.join(config.work, 'config.json');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  if (known === undefined) {
    await replaceFile(file, (part) => writeFile(part, `${JSON.stringify(config, null, 2)}\n`));
    return;
  }
  const before = JSON.parse(known) as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const different = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]),
  );
  if (different.length === 0) return;
  const message = `${config.work} was made from a config with another ${different.join(', ')}: name another work directory, or remove it`;
  throw new ModelError('config_invalid', message, file);
}

async function makeGroups(config: DistilConfig, options: PipelineOptions): Promise<void> {
  const groupsFile = path.join(config.work, 'groups.jsonl');
  if (await exists(groupsFile)) return;
  options.onStage?.('groups');
  const onFault = config.lenient ? (options.onFault ?? (() => undefined)) : undefined;
  const records: TextRecord[] = [];
  for (const file of config.corpus) {
    for await (const record of readTextRecords(file, onFault)) records.push(trimRecord(record));
  }
  if (records.length < 2) {
    throw new ModelError(
      'config_invalid',
      `the corpus (${config.corpus.join(', ')}) has ${records.length} documents: at least 2 are wanted`,
    );
  }
  await writeLines(records, path.join(config.work, 'documents.jsonl'));
  // Published as an ES module only.
  const { stemmer: stem } = await import('stemmer');
  const draw = { ...config.candidates, seed: config.student.seed, stem };
  const groups =
    config.queries === undefined
      ? drawGroups(records, draw)
      : givenGroups(config.queries, records, draw, onFault);
  if ((await writeLines(groups, groupsFile)) > 0) return;
  await rm(groupsFile);
  const of = config.queries ?? `the ${records.length} documents of ${config.corpus.join(', ')}`;
  const reason = `no group of a query with candidates could be made from ${of}: weak queries want a title and 3 words, or 16 words`;
  throw new ModelError('config_invalid', reason);
}

async function makeTokenizer(config: DistilConfig, options: PipelineOptions): Promise<string> {
  const out = path.join(config.work, 'tokenizer.json');
  if (await exists(out)) return out;
  options.onStage?.('tokenizer');
  if ('file' in config.tokenizer) {
    const { file } = config.tokenizer;
    await replaceFile(out, (part) => copyFile(file, part));
    return out;
  }
  const documents = path.join(config.work, 'documents.jsonl');
  async function* texts(): AsyncGenerator<string> {
    for await (const { title, text } of readTextRecords(documents)) yield `${title}\n${text}`;
  }
  await trainTokenizer(texts, out, {
    vocabulary: config.student.architecture.vocabulary,
    minimumCharacterCount: config.tokenizer.minimumCharacterCount,
  });
  return out;
}

async function makeScores(config: DistilConfig, options: PipelineOptions, threads: number): Promise<void> {
  if (config.teachers.length === 0 || (await exists(path.join(config.work, 'scored.jsonl')))) return;
  const teachers: WeightedTeacher[] = [];
  try {
    for (const [i, teacher] of config.teachers.entries()) {
      teachers.push({ teacher: await openTeacher(teacher, i, options, threads), weight: teacher.weight });
    }
    await scoreGroups(config.work, teachers, (stage, done, total) => options.onStage?.(stage, done, total));
  } finally {
    for (const { teacher } of teachers) await teacher.close?.();
  }
}

async function openTeacher(config: TeacherConfig, i: number, { connect }: PipelineOptions, threads: number) {
  const name = `${config.kind}-${i}`;
  const { kind, directory = '', model = '', tokenizer = '' } = config;
  if (kind === 'bm25') return new Bm25Teacher();
  if (kind === 'cross-encoder') {
    return CrossEncoder.load(name, directory, { maximumTokens: TEACHER_TOKENS, threads });
  }
  if (kind === 'sentence-encoder') {
    const encoder = await SentenceEncoder.load({ model, tokenizer, maximumTokens: TEACHER_TOKENS, threads });
    return new SentenceTeacher(name, encoder);
  }
  if (!connect)
    throw new ModelError(
      'config_invalid',
      `teachers[${i}]: kind ${kind} needs a connection, and none is given`,
    );
  return remoteTeacher(name, connect(config));
}
