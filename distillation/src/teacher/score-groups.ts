import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from '@sagemaker-reranker/models';
import { groupTexts, readGroups } from '../data/groups.js';
import { keepWholeChunks, readLines, storageError, writeLines } from '../data/lines.js';
import type { Group } from '../data/pairs.js';
import { readTextRecords, type TextRecord } from '../data/text-record.js';
import type { Teacher, TextGroup } from './teacher.js';

/** Groups between two writes: what an interruption costs at most. */
const CHUNK = 64;

interface WeightedTeacher {
  readonly teacher: Teacher;
  /** Factor of its scores in the sum; irrelevant where it is the only one. */
  readonly weight: number;
}

/**
 * Scores the groups of a directory (`documents.jsonl`, `groups.jsonl`) into `scored.jsonl`, the same groups with
 * `teacher`. One teacher's scores are taken as they are; of several, the weighted sum of their scores z-scored within the
 * group. Each teacher's scores are kept in `scores-NAME.jsonl`, so that a second call goes on where the first stopped.
 * @throws ModelError `config_invalid` for malformed lines, `teacher_failed` when a teacher does not answer with a finite
 * number for each candidate, `disk_full`.
 */
export async function scoreGroups(
  directory: string,
  teachers: readonly WeightedTeacher[],
  onProgress: (stage: string, done: number, total?: number) => void,
): Promise<void> {
  const records: TextRecord[] = [];
  for await (const record of readTextRecords(path.join(directory, 'documents.jsonl'))) records.push(record);
  const groupsFile = path.join(directory, 'groups.jsonl');
  const groups = (): AsyncGenerator<Group> => readGroups(groupsFile, records.length);
  let total = 0;
  for await (const group of groups()) total += group ? 1 : 0;
  if (total === 0) {
    const message = `${groupsFile} holds no group: there is no query, or none that finds a document. Mend the queries or the corpus, and remove ${directory}`;
    throw new ModelError('config_invalid', message, groupsFile);
  }
  const files: string[] = [];
  for (const { teacher } of teachers) {
    const file = path.join(directory, `scores-${teacher.name}.jsonl`);
    files.push(file);
    await cacheScores(file, teacher, records, directory, groups, total, onProgress);
  }
  await writeLines(
    combined(
      groups(),
      files,
      teachers.map(({ weight }) => weight),
    ),
    path.join(directory, 'scored.jsonl'),
  );
}

async function cacheScores(
  file: string,
  teacher: Teacher,
  records: readonly TextRecord[],
  directory: string,
  groups: () => AsyncGenerator<Group>,
  total: number,
  onProgress: (stage: string, done: number, total?: number) => void,
): Promise<void> {
  // A finished cache may end within a chunk.
  const lines = await countLines(file);
  const finished = lines === total ? total : await keepWholeChunks(file, CHUNK);
  if (finished === total) return;
  await teacher.prepare?.(records, directory, (done, all) => onProgress(`${teacher.name}: texts`, done, all));
  let done = finished;
  let position = 0;
  let chunk: TextGroup[] = [];
  const flush = async (): Promise<void> => {
    const scores = await teacher.score(chunk).catch((cause: unknown) => {
      if (cause instanceof ModelError) throw cause;
      const where = `groups ${done + 1} to ${done + chunk.length} of ${directory}`;
      const message = `the teacher ${teacher.name} failed in ${where}: ${(cause as Error).message}. Finished scores are kept: the same command goes on`;
      throw new ModelError('teacher_failed', message, undefined, { cause });
    });
    chunk.forEach(({ texts }, i) => {
      const good = scores[i]?.length === texts.length && scores[i].every(Number.isFinite);
      if (!good) {
        const got = JSON.stringify(scores[i]);
        const message = `the teacher ${teacher.name} answered group ${done + i + 1} of ${directory} with ${got}, not with ${texts.length} numbers`;
        throw new ModelError('teacher_failed', message);
      }
    });
    const text = scores.map((row) => `${JSON.stringify(row.map((score) => Number(score.toPrecision(6))))}\n`);
    await appendFile(file, text.join('')).catch((error: unknown) => {
      throw storageError(error, file);
    });
    done += chunk.length;
    chunk = [];
    onProgress(`${teacher.name}: groups`, done, total);
  };
  for await (const group of groups()) {
    if (position++ < finished) continue;
    chunk.push({ group, texts: groupTexts(group, records) });
    if (chunk.length === CHUNK) await flush();
  }
  if (chunk.length > 0) await flush();
}

/** Lines of a file, 0 where there is none or its last line is torn. */
async function countLines(file: string): Promise<number> {
  let lines = 0;
  try {
    for await (const scores of readLines(file, (value) => (Array.isArray(value) ? value : 'is no list'))) {
      lines += scores ? 1 : 0;
    }
  } catch (error) {
    if (error instanceof ModelError) return 0;
    throw error;
  }
  return lines;
}

async function* combined(
  groups: AsyncGenerator<Group>,
  files: readonly string[],
  weights: readonly number[],
): AsyncGenerator<Group> {
  const caches = files.map((file) => readLines(file, (value) => value as number[]));
  for await (const group of groups) {
    const scores: number[][] = [];
    for (const cache of caches) scores.push((await cache.next()).value as number[]);
    yield { ...group, teacher: combineScores(scores, weights) };
  }
}

/** Weighted sum of the teachers' z-scores, candidate by candidate; one teacher's scores stay as they are. */
export function combineScores(scores: readonly (readonly number[])[], weights: readonly number[]): number[] {
  if (scores.length === 1) return [...scores[0]!];
  const standard = scores.map(zScores);
  return scores[0]!.map((_, i) => {
    const sum = standard.reduce((total, row, t) => total + weights[t]! * row[i]!, 0);
    return Math.round(1e5 * sum) / 1e5;
  });
}

/** Distance from the mean in standard deviations; zeros where all are equal. */
function zScores(scores: readonly number[]): number[] {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length);
  return scores.map((score) => (deviation > 0 ? (score - mean) / deviation : 0));
}
