import { readFile } from 'node:fs/promises';
import { type Architecture, ModelError } from '@sagemaker-reranker/models';
import { lossFaults } from './loss.js';
import type { LossSettings } from './loss.js';

/** Everything that decides what a training run produces. Counts unless a unit is named. */
export interface Recipe {
  readonly name: string;
  readonly architecture: Architecture;
  readonly documentType: 0 | 1;
  readonly seed: number;
  /** Longest pair in training, tokens. */
  readonly trainingTokens: number;
  /** Longest pair when served, tokens; ALiBi reaches further than training. */
  readonly maxLength: number;
  readonly steps: number;
  readonly groupsPerStep: number;
  /** Documents beside the first in each group; the first is the positive where a group has one. */
  readonly negatives: number;
  /** Share of negatives that are lexically near the query, rising linearly from `start` to `end` of the run. */
  readonly hardShare: { readonly start: number; readonly end: number };
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** Largest Euclidean norm of the whole gradient. */
  readonly clip: number;
  /** Without it the contrastive loss alone. */
  readonly loss?: Partial<LossSettings>;
}

/** @throws ModelError `config_invalid` naming each field that is missing or out of range. */
export async function readRecipe(file: string): Promise<Recipe> {
  let recipe: Partial<Recipe>;
  try {
    recipe = JSON.parse(await readFile(file, 'utf8')) as Partial<Recipe>;
  } catch (cause) {
    throw new ModelError(
      'config_invalid',
      `${file} cannot be read as JSON: ${(cause as Error).message}`,
      file,
      { cause },
    );
  }
  const faults = recipeFaults(recipe);
  if (faults.length > 0) throw new ModelError('config_invalid', `${file}: ${faults.join('; ')}`, file);
  return recipe as Recipe;
}

/** One sentence for each field that is missing or out of range. */
export function recipeFaults(recipe: Partial<Recipe>): string[] {
  const faults: string[] = [];
  const positive = (name: keyof Recipe, integer = true): void => {
    const value = recipe[name];
    const good = typeof value === 'number' && value > 0 && (!integer || Number.isInteger(value));
    if (!good) faults.push(`${name} must be a positive ${integer ? 'integer' : 'number'}`);
  };
  for (const name of ['seed', 'trainingTokens', 'maxLength', 'steps', 'groupsPerStep', 'negatives'] as const)
    positive(name);
  for (const name of ['learningRate', 'clip'] as const) positive(name, false);
  for (const name of ['warmupSteps', 'weightDecay'] as const) {
    if (!((recipe[name] ?? -1) >= 0)) faults.push(`${name} must be a number of at least 0`);
  }
  if (!recipe.name) faults.push('name must be a non-empty string');
  if (recipe.documentType !== 0 && recipe.documentType !== 1) faults.push('documentType must be 0 or 1');
  for (const end of ['start', 'end'] as const) {
    const share = recipe.hardShare?.[end] ?? -1;
    if (!(share >= 0 && share <= 1)) faults.push(`hardShare.${end} must lie within 0..1`);
  }
  for (const size of ['layers', 'hidden', 'heads', 'intermediate', 'vocabulary'] as const) {
    if (!Number.isInteger(recipe.architecture?.[size]))
      faults.push(`architecture.${size} must be an integer`);
  }
  faults.push(...lossFaults(recipe.loss));
  return faults;
}
