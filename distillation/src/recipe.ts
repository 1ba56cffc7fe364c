import { VARIANT_IDS } from '@sagemaker-reranker/models';
import * as v from 'valibot';
import { LOSS_TERMS, lossSettings } from './loss.js';
import { amount, object, oneOf, readBySchema, share, text, whole } from './schema.js';

const LOSS = object({
  contrastive: v.optional(amount(true)),
  kl: v.optional(amount(true)),
  marginMse: v.optional(amount(true)),
  /** Divides the teacher's scores. */
  temperature: v.optional(amount(false)),
  /** Multiplies the logits. */
  scale: v.optional(amount(false)),
});

/** Everything that decides what a training run produces. Counts unless a unit is named. */
export const RECIPE = object({
  name: text('be a text'),
  /** The variant of the registry that the model is, where it is one. */
  variant: v.optional(oneOf(VARIANT_IDS)),
  architecture: object({
    layers: whole(1),
    hidden: whole(1),
    heads: whole(1),
    intermediate: whole(1),
    vocabulary: whole(1),
  }),
  documentType: oneOf([0, 1]),
  seed: whole(1),
  /** Longest pair in training, tokens. */
  trainingTokens: whole(8),
  /** Longest pair when served, tokens; ALiBi reaches further than training. */
  maxLength: whole(8),
  steps: whole(1),
  groupsPerStep: whole(1),
  /** Documents beside the first in each group; the first is the positive where a group has one. */
  negatives: whole(1),
  /** Share of negatives that are near the query, rising linearly from `start` to `end` of the run. */
  hardShare: object({ start: share(), end: share() }),
  learningRate: amount(false),
  warmupSteps: whole(0),
  weightDecay: amount(true),
  /** Largest Euclidean norm of the whole gradient. */
  clip: amount(false),
  /** Without it the contrastive loss alone. */
  loss: v.optional(LOSS),
});

export type Recipe = v.InferOutput<typeof RECIPE>;

/** @throws ModelError `config_invalid` naming each field that is missing, unknown or out of range. */
export function readRecipe(file: string): Promise<Recipe> {
  return readBySchema(file, RECIPE, (recipe) => recipeFaults(recipe));
}

/** What fields of a recipe say of each other that cannot be, a sentence each. */
export function recipeFaults(recipe: Recipe, prefix = ''): string[] {
  const { architecture, trainingTokens, maxLength } = recipe;
  const faults: string[] = [];
  if (architecture.hidden % architecture.heads !== 0)
    faults.push(
      `architecture.heads (${architecture.heads}) must divide architecture.hidden (${architecture.hidden})`,
    );
  if (trainingTokens > maxLength)
    faults.push(`trainingTokens (${trainingTokens}) must be at most maxLength (${maxLength})`);
  const loss = lossSettings(recipe.loss);
  if (!LOSS_TERMS.some((term) => loss[term] > 0))
    faults.push(`loss must give one of ${LOSS_TERMS.join(', ')} a weight above 0`);
  return faults.map((fault) => prefix + fault);
}
