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
  readTokenizer,
  replaceFile,
  writeWhole,
} from '@sagemaker-reranker/models';
import { makeDocuments, makeGroups } from './collection.js';
import type { DistilConfig, TeacherConfig } from './config.js';
import type { Fault } from './data/lines.js';
import { readTextRecords } from './data/text-record.js';
import { trainTokenizer } from './data/train-tokenizer.js';
import { distil, exportStudent, type Aside, type Progress } from './distil.js';
import { Stages } from './stages.js';
import { Teachers, teacherName } from './teachers.js';
import { scoreGroups } from './teacher/score-groups.js';
import type { ScoreDocuments } from './teacher/teacher.js';

interface PipelineOptions {
  readonly threads?: number;
  /** Opens a teacher of kind `container` or `endpoint`; this room does not call others itself. */
  readonly connect?: (teacher: TeacherConfig) => ScoreDocuments;
  readonly onStage?: (stage: string, done?: number, total?: number) => void;
  readonly onProgress?: (progress: Progress) => void;
  /** Malformed lines of a lenient run. */
  readonly onFault?: (fault: Fault) => void;
  readonly checkpointEvery?: number;
  /** Stops at the next step, or the next part of a stage; what is finished is kept. */
  readonly signal?: AbortSignal;
}

interface PipelineResult {
  readonly manifest: ModelManifest;
  readonly verification: Verification;
  readonly aside?: Aside;
  /** The model against its fp32 form, where it is int8. */
  readonly comparison?: Comparison;
}

/**
 * Makes a student: documents, groups, tokenizer, teachers' scores, training, export, verification. Each stage leaves its
 * result in the work directory, complete or not at all, so that the same config goes on where a run was stopped, and a changed
 * one keeps what does not depend on the change.
 * @throws ModelError as the stages; `config_invalid` where another student was trained in the work directory;
 * `training_interrupted` after the signal.
 */
export async function runDistillation(
  config: DistilConfig,
  given: PipelineOptions = {},
): Promise<PipelineResult> {
  const options: PipelineOptions = {
    ...given,
    onStage: (stage, done, total) => {
      if (given.signal?.aborted === true) {
        const message = `stopped at ${stage}; what is finished is kept, the same command goes on`;
        throw new ModelError('training_interrupted', message);
      }
      given.onStage?.(stage, done, total);
    },
  };
  const { work } = config;
  const threads = options.threads ?? availableParallelism();
  await mkdir(work, { recursive: true });
  await checkTarget(config);
  const stages = await Stages.open(work);
  const teachers = new Teachers(config.teachers, { threads, connect: options.connect });
  let aside: Aside | undefined;
  try {
    aside = await makeStages(config, options, stages, teachers, threads);
  } finally {
    await teachers.close();
  }
  const manifest = await readManifest(config.out);
  options.onStage?.('verify');
  const verification = await verifyModel(config.out);
  const result = { manifest, verification, ...(aside && { aside }) };
  if (config.precision === 'fp32') return result;
  const comparison = await compareModels(config.out, manifest, path.join(work, 'fp32', 'model.onnx'));
  return { ...result, comparison };
}

async function makeStages(
  config: DistilConfig,
  options: PipelineOptions,
  stages: Stages,
  teachers: Teachers,
  threads: number,
): Promise<Aside | undefined> {
  const { onStage, onFault } = options;
  const collection = { threads, onStage, onFault, encoder: () => teachers.encoder() };
  await makeDocuments(config, stages, collection);
  // A vocabulary that the corpus cannot give is told before the teachers' work.
  const tokenizerFile = await makeTokenizer(config, stages, options);
  await keepVectors(config, stages);
  await makeGroups(config, stages, collection);
  await makeScores(config, stages, teachers, options);
  return train(config, stages, teachers, { ...options, threads, tokenizerFile });
}

/** Vectors of the documents, which the groups' candidates may be drawn by. */
async function keepVectors({ teachers }: DistilConfig, stages: Stages): Promise<void> {
  for (const [i, teacher] of teachers.entries()) {
    if (teacher.kind !== 'sentence-encoder') continue;
    const name = teacherName(teacher, i);
    const files = ['titles', 'texts'].map((field) => `${name}-${field}.f32`);
    await stages.begin(
      `vectors of ${name}`,
      { documents: stages.digest('documents'), teacher: { ...teacher, weight: undefined } },
      files,
    );
  }
}

async function makeTokenizer(
  { tokenizer, student, work }: DistilConfig,
  stages: Stages,
  { onStage }: PipelineOptions,
): Promise<string> {
  const out = path.join(work, 'tokenizer.json');
  const { vocabulary } = student.architecture;
  const inputs =
    'file' in tokenizer ? { tokenizer } : { tokenizer, vocabulary, documents: stages.digest('documents') };
  await stages.begin('tokenizer', inputs, ['tokenizer.json']);
  if (await exists(out)) return out;
  onStage?.('tokenizer');
  if ('file' in tokenizer) {
    await readTokenizer(tokenizer.file, vocabulary);
    await replaceFile(out, (part) => copyFile(tokenizer.file, part));
    return out;
  }
  const documents = path.join(work, 'documents.jsonl');
  async function* texts(): AsyncGenerator<string> {
    for await (const { title, text } of readTextRecords(documents)) yield `${title}\n${text}`;
  }
  await trainTokenizer(texts, out, { vocabulary, minimumCharacterCount: tokenizer.minimumCharacterCount });
  return out;
}

async function makeScores(
  config: DistilConfig,
  stages: Stages,
  teachers: Teachers,
  { onStage }: PipelineOptions,
): Promise<void> {
  if (config.teachers.length === 0) return;
  const groups = stages.digest('groups');
  for (const [i, teacher] of config.teachers.entries()) {
    const name = teacherName(teacher, i);
    await stages.begin(`scores of ${name}`, { groups, teacher: { ...teacher, weight: undefined } }, [
      `scores-${name}.jsonl`,
    ]);
  }
  await stages.begin('scores', { groups, teachers: config.teachers }, ['scored.jsonl']);
  if (await exists(path.join(config.work, 'scored.jsonl'))) return;
  const weighted = [];
  for (const [i, { weight }] of config.teachers.entries()) {
    weighted.push({ teacher: await teachers.get(i), weight });
  }
  await scoreGroups(config.work, weighted, (stage, done, total) => onStage?.(stage, done, total));
}

async function train(
  config: DistilConfig,
  stages: Stages,
  teachers: Teachers,
  options: PipelineOptions & { readonly threads: number; readonly tokenizerFile: string },
): Promise<Aside | undefined> {
  const { work, student: recipe, words = 'random' } = config;
  const { onStage, tokenizerFile } = options;
  const inputs = {
    ...recipe,
    words,
    precision: config.precision,
    data: stages.digest(config.teachers.length > 0 ? 'scores' : 'groups'),
    tokenizer: stages.digest('tokenizer'),
  };
  await checkTrained(stages, inputs);
  await stages.begin('train', inputs, ['fp32', 'int8', 'log.jsonl', 'words.safetensors']);
  onStage?.('train');
  const encoder = words === 'teacher' ? (await teachers.encoder())?.encoder : undefined;
  const { student, aside } = await distil({
    recipe,
    data: work,
    tokenizerFile,
    work,
    threads: options.threads,
    ...(encoder && { words: encoder }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    ...(options.checkpointEvery !== undefined && { checkpointEvery: options.checkpointEvery }),
    ...(options.signal && { signal: options.signal }),
  });
  onStage?.('export');
  // In the work directory, which is this config's alone; what stands at `out` may be another run's.
  for (const precision of new Set(['fp32', config.precision] as const)) {
    const out = path.join(work, precision);
    if (!(await exists(out))) await exportStudent(out, recipe, student, { precision, tokenizerFile });
  }
  await publish(path.join(work, config.precision), config);
  return aside;
}

/**
 * Hours of training are not thrown away because a line of the config changed.
 * @throws ModelError `config_invalid` where there is a checkpoint of a student made from something else.
 */
async function checkTrained(stages: Stages, inputs: Readonly<Record<string, unknown>>): Promise<void> {
  const file = path.join(stages.work, 'checkpoint.safetensors');
  const different = stages.changed('train', inputs);
  if (!different || different.length === 0 || !(await exists(file))) return;
  const message = `${file} is of a student with another ${different.join(', ')}: remove it to train anew (groups and scores are kept), or name another work directory`;
  throw new ModelError('config_invalid', message, file);
}

/** Digests of a model directory's files; undefined where there is none. */
const digests = (directory: string): Promise<string | undefined> =>
  readManifest(directory).then(
    ({ files }) => JSON.stringify(files),
    () => undefined,
  );

/** Remembers what this work directory wrote to `out`, which it may replace. */
const PUBLISHED = 'published.json';

async function publish(made: string, { work, out }: DistilConfig): Promise<void> {
  const now = (await digests(made))!;
  const record = path.join(work, PUBLISHED);
  if ((await digests(out)) !== now) {
    if (await isOwn(work, out)) await rm(out, { recursive: true });
    await writeWhole(out, (directory) => cp(made, directory, { recursive: true }));
  }
  await replaceFile(record, (part) => writeFile(part, now));
}

async function isOwn(work: string, out: string): Promise<boolean> {
  const there = await digests(out);
  return (
    there !== undefined &&
    there === (await readFile(path.join(work, PUBLISHED), 'utf8').catch(() => undefined))
  );
}

const exists = async (file: string): Promise<boolean> =>
  (await stat(file).catch(() => undefined)) !== undefined;

/**
 * Before the hours of a training rather than after them.
 * @throws ModelError `output_exists` when `out` holds anything but what this work directory wrote there.
 */
async function checkTarget({ work, out }: DistilConfig): Promise<void> {
  if (!(await isOwn(work, out))) await emptyTarget(out);
}
