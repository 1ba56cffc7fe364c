import { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import { ModelError } from '@sagemaker-reranker/models';
import type { TeacherConfig } from './config.js';
import { Bm25Teacher } from './teacher/bm25-teacher.js';
import { CrossEncoder } from './teacher/cross-encoder.js';
import { SentenceTeacher } from './teacher/sentence-teacher.js';
import { remoteTeacher, type ScoreDocuments, type Teacher } from './teacher/teacher.js';

/** Tokens of a pair, or of a text, that a teacher reads. */
const TEACHER_TOKENS = 128;

interface TeacherOptions {
  readonly threads: number;
  /** Opens a teacher of kind `container` or `endpoint`; this room does not call others itself. */
  readonly connect?: ((teacher: TeacherConfig) => ScoreDocuments) | undefined;
}

/** Names a teacher's files in the work directory. */
export const teacherName = ({ kind }: TeacherConfig, i: number): string =>
  kind === 'bm25' ? kind : `${kind}-${i}`;

/** The teachers of a run, each opened when it is first asked for and closed at the end. */
export class Teachers {
  readonly #open = new Map<number, Teacher>();
  readonly #options: TeacherOptions;

  constructor(
    readonly configs: readonly TeacherConfig[],
    options: TeacherOptions,
  ) {
    this.#options = options;
  }

  async get(i: number): Promise<Teacher> {
    const known = this.#open.get(i);
    if (known) return known;
    const opened = await openTeacher(this.configs[i]!, i, this.#options);
    this.#open.set(i, opened);
    return opened;
  }

  /** The first sentence encoder, which finds candidates and gives words their start; undefined where there is none. */
  async encoder(): Promise<SentenceTeacher | undefined> {
    const i = this.configs.findIndex(({ kind }) => kind === 'sentence-encoder');
    const teacher = i < 0 ? undefined : await this.get(i);
    return teacher instanceof SentenceTeacher ? teacher : undefined;
  }

  async close(): Promise<void> {
    for (const teacher of this.#open.values()) await teacher.close?.();
    this.#open.clear();
  }
}

async function openTeacher(
  config: TeacherConfig,
  i: number,
  { threads, connect }: TeacherOptions,
): Promise<Teacher> {
  const name = teacherName(config, i);
  switch (config.kind) {
    case 'bm25':
      return new Bm25Teacher();
    case 'cross-encoder':
      return CrossEncoder.load(name, config.directory, { maximumTokens: TEACHER_TOKENS, threads });
    case 'sentence-encoder': {
      return new SentenceTeacher(
        name,
        await SentenceEncoder.load({ ...config, maximumTokens: TEACHER_TOKENS, threads }),
      );
    }
    default: {
      if (connect) return remoteTeacher(name, connect(config));
      const message = `teachers[${i}]: kind ${config.kind} needs a connection, and none is given`;
      throw new ModelError('config_invalid', message);
    }
  }
}
