import { Random } from '@sagemaker-reranker/models';
import { layerNames, names } from '@sagemaker-reranker/models/build';
import { Parameter } from './adamw.js';
import type { Recipe } from './recipe.js';
import type { Student } from './trainer.js';
import { startingProjection, type WordVectors } from './word-vectors.js';
import { PROJECTION, studentShapes } from './words.js';

/**
 * A student before its first step. Query and key projections start as the identity plus noise, so that equal tokens of
 * query and document attend to each other from the first step; the rest is the usual scaled noise.
 * @param vectors what the word table is made of (`ProjectedWords`); without them it starts as noise
 */
export function initialStudent(
  { architecture: a, seed }: Pick<Recipe, 'architecture' | 'seed'>,
  vectors?: WordVectors,
): Student {
  const random = new Random(seed);
  const matching = new Set<string>();
  for (let i = 0; i < a.layers; i++) {
    matching.add(`${layerNames(i).query}.weight`).add(`${layerNames(i).key}.weight`);
  }
  const student: Student = new Map();
  for (const [name, shape] of studentShapes(a, vectors?.width)) {
    const length = shape.reduce((product, n) => product * n, 1);
    let data: Float32Array = new Float32Array(length);
    if (shape.length === 1) data.fill(/norm\.weight$/i.test(name) ? 1 : 0);
    else if (name === names.words) data = random.array(length, 0.05);
    else if (name === PROJECTION) data = startingProjection(vectors!, a);
    else if (name === names.types) data = random.array(length, 0.02);
    else if (matching.has(name)) {
      data = random.array(length, 0.02);
      for (let i = 0; i < a.hidden; i++) data[i * a.hidden + i]! += 1;
    } else data = random.array(length, 1 / Math.sqrt(shape[1]!));
    student.set(name, new Parameter(shape, data));
  }
  return student;
}
