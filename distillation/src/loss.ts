import type { Recipe } from './recipe.js';

/**
 * What a student is trained on: a weighted sum of up to three terms, each the mean over the groups of a step.
 *
 * - `contrastive`: cross-entropy of softmax(scale x logits) over the candidates against the positive.
 * - `kl`: Kullback-Leibler divergence of softmax(scale x logits) from softmax(scores / temperature), over the candidates
 *   that a teacher scored (listwise distillation).
 * - `marginMse`: mean, over all pairs of scored candidates, of the squared difference between the student's margin
 *   (of scale x logits) and the teacher's (of scores / temperature). Margin-MSE of Hofstätter et al. (arXiv 2010.02666)
 *   takes the pairs with the positive alone.
 *
 * A group without a positive adds nothing to the first term; one without scores nothing to the other two.
 */
export interface LossSettings {
  /** Weights of the three terms, at least 0. */
  readonly contrastive: number;
  readonly kl: number;
  readonly marginMse: number;
  /** Divides the teacher's scores. */
  readonly temperature: number;
  /** Multiplies the student's logits. */
  readonly scale: number;
}

export const LOSS_TERMS = ['contrastive', 'kl', 'marginMse'] as const;
export type LossTerm = (typeof LOSS_TERMS)[number];

/** Without a teacher: the positive against its negatives. */
export const CONTRASTIVE_LOSS: LossSettings = {
  contrastive: 1,
  kl: 0,
  marginMse: 0,
  temperature: 1,
  scale: 1,
};

/** Does a term of the loss need a teacher's scores? */
export function needsTeacher(loss: LossSettings): boolean {
  return loss.kl > 0 || loss.marginMse > 0;
}

/** Settings of a recipe's `loss` field with what it leaves out: no term, scale 1, temperature 1. */
export function lossSettings(loss: Recipe['loss']): LossSettings {
  if (loss === undefined) return CONTRASTIVE_LOSS;
  const given = Object.fromEntries(Object.entries(loss).filter(([, value]) => value !== undefined));
  return { ...CONTRASTIVE_LOSS, contrastive: 0, ...given };
}

/** What the losses of a step are held against, row-major [groups, candidates]. */
export interface Targets {
  /** 1 at the positive; a row of zeros where a group has none. */
  readonly positive: Float32Array;
  /** 1 where a teacher's score is known. */
  readonly known: Float32Array;
  /** Teacher's scores divided by the temperature; 0 where unknown. */
  readonly scores: Float32Array;
  /** Softmax of `scores` over the known candidates of each row. */
  readonly distribution: Float32Array;
  /** Mean over the groups of the distributions' entropy, nats: what cross-entropy has above the divergence. */
  readonly entropy: number;
}

/** What the sampler knows of a group: where the positive is (-1: none), and a score per candidate where there is one. */
export interface Judged {
  readonly positive: number;
  readonly scores: readonly (number | undefined)[];
}

export function targets(groups: readonly Judged[], candidates: number, temperature: number): Targets {
  const length = groups.length * candidates;
  const positive = new Float32Array(length);
  const known = new Float32Array(length);
  const scores = new Float32Array(length);
  const distribution = new Float32Array(length);
  let entropy = 0;
  groups.forEach((group, row) => {
    const start = row * candidates;
    if (group.positive >= 0) positive[start + group.positive] = 1;
    let highest = Number.NEGATIVE_INFINITY;
    group.scores.forEach((score, i) => {
      if (score === undefined) return;
      known[start + i] = 1;
      scores[start + i] = score / temperature;
      highest = Math.max(highest, score / temperature);
    });
    let sum = 0;
    for (let i = start; i < start + candidates; i++) {
      if (known[i] === 1) sum += distribution[i] = Math.exp(scores[i]! - highest);
    }
    for (let i = start; i < start + candidates; i++) {
      if (known[i] === 0) continue;
      distribution[i]! /= sum;
      if (distribution[i]! > 0) entropy -= distribution[i]! * Math.log(distribution[i]!);
    }
  });
  return { positive, known, scores, distribution, entropy: entropy / Math.max(1, groups.length) };
}
