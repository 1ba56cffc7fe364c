import { ModelError, type PairElement, Random, specialTokens } from '@sagemaker-reranker/models';
import type { GroupTable } from './data/groups.js';
import type { Judged } from './loss.js';
import type { Recipe } from './recipe.js';

/** A query and its documents as token ids, the positive first where the group has one. */
export interface Example extends Judged {
  readonly query: Int32Array;
  readonly documents: readonly Int32Array[];
}

interface Drawn {
  readonly id: number;
  readonly score?: number;
}

/**
 * The groups of one step. Which groups and which negatives they are depends on the recipe's seed and the step alone, so
 * that a resumed run sees what an uninterrupted one would have seen.
 */
export function sampleStep(groups: GroupTable, recipe: Recipe, step: number): Example[] {
  const random = new Random(recipe.seed * 1_000_003 + step);
  const { start, end } = recipe.hardShare;
  const share = start + ((end - start) * step) / recipe.steps;
  return Array.from({ length: recipe.groupsPerStep }, (_, i) => {
    const group = position(groups.length, (step - 1) * recipe.groupsPerStep + i, recipe.seed);
    const { positive, hard, easy } = candidates(groups, group);
    const drawn: Drawn[] = positive ? [positive] : [];
    while (drawn.length <= recipe.negatives) {
      // A group with few candidates of its own borrows another's, which no teacher scored for this query.
      if (hard.length + easy.length === 0) easy.push(...borrowed(groups, group, random));
      const from = easy.length === 0 || (hard.length > 0 && random.next() < share) ? hard : easy;
      drawn.push(from.splice(random.below(from.length), 1)[0]!);
    }
    return {
      query: groups.query(group),
      documents: drawn.map(({ id }) => groups.candidate(id)),
      positive: positive ? 0 : -1,
      scores: drawn.map(({ score }) => score),
    };
  });
}

function borrowed(groups: GroupTable, group: number, random: Random): Drawn[] {
  if (groups.length === 1) {
    const reason =
      'the only group has fewer candidates than a step takes, and there is no other to borrow from';
    throw new ModelError('config_invalid', reason);
  }
  const other = groups.get((group + 1 + random.below(groups.length - 1)) % groups.length);
  const lists = [other.random, other.hard, other.positive === undefined ? [] : [other.positive]];
  return (lists.find((list) => list.length > 0) ?? []).map((id) => ({ id }));
}

/** A group's candidates with the teacher's scores, which follow the order positive, hard, random. */
function candidates(groups: GroupTable, group: number): { positive?: Drawn; hard: Drawn[]; easy: Drawn[] } {
  const { positive, hard, random, teacher } = groups.get(group);
  const first = positive === undefined ? 0 : 1;
  const scored = (ids: readonly number[], from: number): Drawn[] =>
    ids.map((id, i) => ({ id, score: teacher?.[from + i] }));
  return {
    ...(positive !== undefined && { positive: { id: positive, score: teacher?.[0] } }),
    hard: scored(hard, first),
    easy: scored(random, first + hard.length),
  };
}

/** The n-th group drawn: every epoch is another permutation, walked with a stride prime to the count. */
function position(count: number, n: number, seed: number): number {
  const random = new Random(seed + Math.floor(n / count));
  const start = random.below(count);
  let stride = 1 + random.below(count);
  while (greatestCommonDivisor(stride, count) !== 1) stride = 1 + (stride % count);
  return (start + (n % count) * stride) % count;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Token ids and type ids of a pair by the model's template, the document cut to fit `most` tokens, then the query. */
export function assemble(
  template: readonly PairElement[],
  query: Int32Array,
  document: Int32Array,
  most: number,
): { ids: number[]; types: number[] } {
  const room = most - specialTokens(template);
  const queryLength = Math.min(query.length, room);
  const parts = { query: query.subarray(0, queryLength), document: document.subarray(0, room - queryLength) };
  const ids: number[] = [];
  const types: number[] = [];
  for (const element of template) {
    const tokens = 'special' in element ? [element.special] : parts[element.sequence];
    for (const token of tokens) {
      ids.push(token);
      types.push(element.type);
    }
  }
  return { ids, types };
}
