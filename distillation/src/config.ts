import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '@sagemaker-reranker/models';
import type { Recipe } from './recipe.js';
import { recipeFaults } from './recipe.js';

const TEACHER_KINDS = ['bm25', 'sentence-encoder', 'cross-encoder', 'container', 'endpoint'] as const;

/** One teacher of a sum. Paths are relative to the config. */
export interface TeacherConfig {
  readonly kind: (typeof TEACHER_KINDS)[number];
  readonly weight: number;
  /** `cross-encoder`: a model directory or an export. */
  readonly directory?: string;
  /** `sentence-encoder`: an ONNX file and the tokenizer that belongs to it. */
  readonly model?: string;
  readonly tokenizer?: string;
  /** `container`: its base URL. */
  readonly url?: string;
  /** `endpoint`: its name, and where it is. */
  readonly endpointName?: string;
  readonly region?: string;
}

/** Everything a student is made from. Paths are absolute once read. */
export interface DistilConfig {
  /** Files of text records: `{"id", "title", "text"}` a line. */
  readonly corpus: readonly string[];
  /** File of queries: `{"query", "positive"}` a line, `positive` being a record's id or absent. Without it weak ones are drawn. */
  readonly queries?: string;
  /** Candidates a query: lexically near ones and random ones; `rounds` weak queries a record. */
  readonly candidates: {
    readonly hard: number;
    readonly random: number;
    readonly rounds: number;
    /** Draws the near ones from BM25's first `depth` instead of taking the nearest; weak queries only. */
    readonly depth?: number;
    /** Share of weak queries whose own record is a candidate; default 1. */
    readonly withPositive?: number;
  };
  /** A file taken over, or how to train one of `student.architecture.vocabulary` tokens. */
  readonly tokenizer: { readonly file: string } | { readonly minimumCharacterCount: number };
  readonly teachers: readonly TeacherConfig[];
  readonly student: Recipe;
  readonly precision: 'fp32' | 'int8';
  /** Directory for what the stages make; a run found there is gone on with. */
  readonly work: string;
  /** The model directory to write. */
  readonly out: string;
  /** Leaves malformed lines out, named and counted, instead of stopping. */
  readonly lenient?: boolean;
}

const FIELDS = [
  'corpus',
  'queries',
  'candidates',
  'tokenizer',
  'teachers',
  'student',
  'precision',
  'work',
  'out',
  'lenient',
];
const WANTED: Readonly<Record<TeacherConfig['kind'], readonly (keyof TeacherConfig)[]>> = {
  bm25: [],
  'sentence-encoder': ['model', 'tokenizer'],
  'cross-encoder': ['directory'],
  container: ['url'],
  endpoint: ['endpointName'],
};

/** @throws ModelError `config_invalid` naming every field that is missing, unknown or out of range. */
export async function readDistilConfig(file: string): Promise<DistilConfig> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const message = `${file} cannot be read as JSON: ${(cause as Error).message}`;
    throw new ModelError('config_invalid', message, file, { cause });
  }
  const faults = configFaults(value);
  if (faults.length > 0) throw new ModelError('config_invalid', `${file}: ${faults.join('; ')}`, file);
  return resolvePaths(value as DistilConfig, path.dirname(path.resolve(file)));
}

function configFaults(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ['it must be an object'];
  const config = value as Partial<Record<keyof DistilConfig, unknown>>;
  const faults = Object.keys(config)
    .filter((name) => !FIELDS.includes(name))
    .map((name) => `${name} is not known (${FIELDS.join(', ')})`);
  const text = (field: unknown): boolean => typeof field === 'string' && field !== '';
  const { corpus, candidates, tokenizer, teachers, student } = config;
  if (!Array.isArray(corpus) || corpus.length === 0 || !corpus.every(text))
    faults.push('corpus must name files');
  for (const name of ['work', 'out'] as const)
    if (!text(config[name])) faults.push(`${name} must name a directory`);
  if (config.queries !== undefined && !text(config.queries)) faults.push('queries must name a file');
  if (config.precision !== 'fp32' && config.precision !== 'int8')
    faults.push('precision must be "fp32" or "int8"');
  for (const name of ['hard', 'random', 'rounds'] as const) {
    const count = (candidates as Record<string, unknown> | undefined)?.[name];
    const least = name === 'rounds' ? 1 : 0;
    if (!Number.isInteger(count) || (count as number) < least)
      faults.push(`candidates.${name} must be an integer of at least ${least}`);
  }
  faults.push(...drawFaults(config));
  const { file, minimumCharacterCount } = (tokenizer ?? {}) as {
    file?: unknown;
    minimumCharacterCount?: unknown;
  };
  if (text(file) === Number.isInteger(minimumCharacterCount)) {
    faults.push('tokenizer must have "file", or "minimumCharacterCount" (an integer) to train one');
  }
  if (!Array.isArray(teachers)) faults.push('teachers must be a list');
  else teachers.forEach((teacher, i) => faults.push(...teacherFaults(teacher as Partial<TeacherConfig>, i)));
  if (typeof student !== 'object' || student === null) return [...faults, 'student must be an object'];
  const recipe = student as Partial<Recipe>;
  faults.push(...recipeFaults(recipe).map((fault) => `student.${fault}`));
  const { kl = 0, marginMse = 0 } = recipe.loss ?? {};
  if ((kl > 0 || marginMse > 0) && Array.isArray(teachers) && teachers.length === 0) {
    faults.push('student.loss wants a teacher and teachers is empty');
  }
  return faults;
}

/** What only weak queries know: how deep candidates are drawn, and how often the record itself is one. */
function drawFaults({
  candidates,
  queries,
  student,
}: Partial<Record<keyof DistilConfig, unknown>>): string[] {
  const { hard, depth, withPositive } = (candidates ?? {}) as Partial<Record<string, number>>;
  const faults: string[] = [];
  if (depth !== undefined && !(Number.isInteger(depth) && depth >= (hard ?? 0)))
    faults.push('candidates.depth must be an integer of at least candidates.hard');
  if (withPositive !== undefined && !(withPositive >= 0 && withPositive <= 1))
    faults.push('candidates.withPositive must be a number from 0 to 1');
  if (queries !== undefined && (depth !== undefined || withPositive !== undefined))
    faults.push('candidates.depth and candidates.withPositive are for weak queries and "queries" is given');
  const { contrastive = 0 } = (student as Partial<Recipe> | undefined)?.loss ?? {};
  if (contrastive > 0 && withPositive !== undefined && withPositive < 1)
    faults.push(
      'student.loss.contrastive wants a positive in every group: candidates.withPositive must be 1',
    );
  return faults;
}

function teacherFaults(teacher: Partial<TeacherConfig> | null, i: number): string[] {
  const wanted = teacher?.kind && WANTED[teacher.kind];
  if (!teacher || !wanted) return [`teachers[${i}].kind must be one of ${TEACHER_KINDS.join(', ')}`];
  const faults = wanted
    .filter((name) => typeof teacher[name] !== 'string' || teacher[name] === '')
    .map((name) => `teachers[${i}].${name} must be a text for kind ${String(teacher.kind)}`);
  if (!Number.isFinite(teacher.weight)) faults.push(`teachers[${i}].weight must be a number`);
  return faults;
}

function resolvePaths(config: DistilConfig, base: string): DistilConfig {
  const at = (file: string): string => path.resolve(base, file);
  return {
    ...config,
    corpus: config.corpus.map(at),
    ...(config.queries !== undefined && { queries: at(config.queries) }),
    tokenizer: 'file' in config.tokenizer ? { file: at(config.tokenizer.file) } : config.tokenizer,
    teachers: config.teachers.map((teacher) => ({
      ...teacher,
      ...(teacher.directory !== undefined && { directory: at(teacher.directory) }),
      ...(teacher.model !== undefined && { model: at(teacher.model) }),
      ...(teacher.tokenizer !== undefined && { tokenizer: at(teacher.tokenizer) }),
    })),
    work: at(config.work),
    out: at(config.out),
  };
}
