import { Random } from '@sagemaker-reranker/models';
import { layerNames, names, weightShapes } from '@sagemaker-reranker/models/build';
import { Parameter } from './adamw.js';
import type { Recipe } from './recipe.js';
import type { Student } from './trainer.js';

/**
 * A student before its first step. Query and key projections start as the identity plus noise, so that equal tokens of
 * query and document attend to each other from the first step; the rest is the usual scaled noise.
 * @param words the word table to start from, row-major [vocabulary, hidden]; default: noise
 */
export function initialStudent(
  { architecture: a, seed }: Pick<Recipe, 'architecture' | 'seed'>,
  words?: Float32Array,
): Student {
  const random = new Random(seed);
  const matching = new Set<string>();
  for (let i = 0; i < a.layers; i++) {
    matching.add(`${layerNames(i).query}.weight`).add(`${layerNames(i).key}.weight`);
  }
  const student: Student = new Map();
  for (const [name, shape] of weightShapes(a)) {
    const length = shape.reduce((product, n) => product * n, 1);
    let data: Float32Array = new Float32Array(length);
    if (shape.length === 1) data.fill(/norm\.weight$/i.test(name) ? 1 : 0);
    else if (name === names.words) data = words ?? random.array(length, 0.05);
    else if (name === names.types) data = random.array(length, 0.02);
    else if (matching.has(name)) {
      data = random.array(length, 0.02);
      for (let i = 0; i < a.hidden; i++) data[i * a.hidden + i]! += 1;
    } else data = random.array(length, 1 / Math.sqrt(shape[1]!));
    student.set(name, new Parameter(shape, data));
  }
  return student;
}
