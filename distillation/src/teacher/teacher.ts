import type { Group } from '../data/pairs.js';
import type { TextRecord } from '../data/text-record.js';

/** A group with its candidates' texts in the order of its scores: positive, hard, random. */
export interface TextGroup {
  readonly group: Group;
  readonly texts: readonly string[];
}

/** Told while scores are made; `total` where it is known. */
export type TeacherProgress = (done: number, total?: number) => void;

/** What scores the candidates of groups, on any scale of its own: higher is better. */
export interface Teacher {
  /** Names its cache file; letters, digits and hyphens. */
  readonly name: string;
  /**
   * Called once before the first `score`: reads the collection whose records the groups' candidates number.
   * @param directory where the collection lies; the teacher may keep files there
   */
  prepare?(records: readonly TextRecord[], directory: string, onProgress: TeacherProgress): Promise<void>;
  /** One score a candidate for each group. */
  score(groups: readonly TextGroup[]): Promise<number[][]>;
  close?(): Promise<void>;
}

/** Scores documents for a query; how a container or an endpoint is asked. */
export type ScoreDocuments = (query: string, documents: readonly string[]) => Promise<readonly number[]>;

/** A reranker somewhere else as teacher, groups asked one after the other. */
export function remoteTeacher(name: string, scoreDocuments: ScoreDocuments): Teacher {
  return {
    name,
    async score(groups) {
      const all: number[][] = [];
      for (const { group, texts } of groups) all.push([...(await scoreDocuments(group.query, texts))]);
      return all;
    },
  };
}
