import {
  SESSION_OPTIONS,
  openSession,
  tensor,
  type InferenceSession,
  type Tensor,
} from '@sagemaker-reranker/inference/runtime';
import type { Architecture } from '@sagemaker-reranker/models';
import { DataType, Graph, names, weightShapes } from '@sagemaker-reranker/models/build';
import type { Parameter } from './adamw.js';
import { floats } from './step-gradients.js';
import type { Student } from './trainer.js';
import type { WordVectors } from './word-vectors.js';

/** The parameter of a projected table, [hidden, width of the vectors]. */
export const PROJECTION = 'words.projection';

/** One step of the optimizer for a parameter's numbers from `start` on. */
export type Update = (parameter: Parameter, gradient: Float32Array, start?: number) => void;

/** The word embeddings of a student in training. */
export interface WordTable {
  /** Row-major [words, hidden]. */
  rows(words: readonly number[]): Promise<Float32Array>;
  /** @param gradient of the rows of `words`, as `rows` gave them */
  learn(words: readonly number[], gradient: Float32Array, update: Update): Promise<void>;
}

/** A table whose every entry is learnt. */
export class LearntWords implements WordTable {
  readonly #table: Parameter;
  readonly #hidden: number;

  constructor(student: Student) {
    this.#table = student.get(names.words)!;
    this.#hidden = this.#table.shape[1]!;
  }

  rows(words: readonly number[]): Promise<Float32Array> {
    return Promise.resolve(takeRows(this.#table.data, this.#hidden, words));
  }

  learn(words: readonly number[], gradient: Float32Array, update: Update): Promise<void> {
    const hidden = this.#hidden;
    words.forEach((id, place) => {
      update(this.#table, gradient.subarray(place * hidden, (place + 1) * hidden), id * hidden);
    });
    return Promise.resolve();
  }
}

/**
 * A table that is a projection of vectors known before, the only part of it that is learnt: what is learnt of a word holds for
 * its neighbours, which training may never show. Folded into a plain table when the student is done.
 */
export class ProjectedWords implements WordTable {
  readonly #vectors: WordVectors;
  readonly #projection: Parameter;
  readonly #forward: InferenceSession;
  readonly #backward: InferenceSession;

  private constructor(
    vectors: WordVectors,
    projection: Parameter,
    sessions: readonly [InferenceSession, InferenceSession],
  ) {
    this.#vectors = vectors;
    this.#projection = projection;
    [this.#forward, this.#backward] = sessions;
  }

  /** @param threads of ONNX Runtime */
  static async create(student: Student, vectors: WordVectors, threads: number): Promise<ProjectedWords> {
    const open = (flags: { transA: 1 } | { transB: 1 }): Promise<InferenceSession> =>
      openSession(productGraph(flags), { ...SESSION_OPTIONS, intraOpNumThreads: threads });
    const sessions = [await open({ transB: 1 }), await open({ transA: 1 })] as const;
    return new ProjectedWords(vectors, student.get(PROJECTION)!, sessions);
  }

  async rows(words: readonly number[]): Promise<Float32Array> {
    const { shape, data } = this.#projection;
    const feeds = { a: this.#taken(words), b: tensor('float32', data, shape) };
    return floats((await this.#forward.run(feeds)).product!);
  }

  async learn(words: readonly number[], gradient: Float32Array, update: Update): Promise<void> {
    const hidden = this.#projection.shape[0]!;
    const feeds = { a: tensor('float32', gradient, [words.length, hidden]), b: this.#taken(words) };
    update(this.#projection, floats((await this.#backward.run(feeds)).product!));
  }

  #taken(words: readonly number[]): Tensor {
    const { data, width } = this.#vectors;
    return tensor('float32', takeRows(data, width, words), [words.length, width]);
  }
}

/** Parameters of a student by name; with the width of vectors, the projection in the place of the word table. */
export function studentShapes(a: Architecture, width?: number): Map<string, number[]> {
  const shapes = weightShapes(a);
  if (width === undefined) return shapes;
  shapes.delete(names.words);
  return shapes.set(PROJECTION, [a.hidden, width]);
}

/** `product` = a b of two matrices, one of them transposed first. */
function productGraph(flags: { transA: 1 } | { transB: 1 }): Uint8Array {
  const g = new Graph('product');
  const [a, b] = ['a', 'b'].map((name) => g.input(name, DataType.FLOAT, [`${name}0`, `${name}1`]));
  g.output(g.ops('Gemm', [a!, b!], ['product'], flags)[0]!, DataType.FLOAT, ['rows', 'columns']);
  return g.toModel();
}

/** Rows of a row-major table. */
function takeRows(table: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, place) => {
    taken.set(table.subarray(row * width, (row + 1) * width), place * width);
  });
  return taken;
}
