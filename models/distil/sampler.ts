import type { PairElement } from '../manifest';
import { specialTokens } from '../manifest';
import { Random } from '../random';
import type { EncodedGroups } from './data/groups';
import type { Recipe } from './recipe';

/** A query and its documents as token ids; the first document is the positive. */
export interface Example {
  readonly query: Int32Array;
  readonly documents: readonly Int32Array[];
}

/**
 * The groups of one step. Which groups and which negatives they are depends on the recipe's seed and the step alone, so
 * that a resumed run sees what an uninterrupted one would have seen.
 */
export function sampleStep(groups: EncodedGroups, recipe: Recipe, step: number): Example[] {
  const random = new Random(recipe.seed * 1_000_003 + step);
  const { start, end } = recipe.hardShare;
  const share = start + ((end - start) * step) / recipe.steps;
  return Array.from({ length: recipe.groupsPerStep }, (_, i) => {
    const group = position(groups.length, (step - 1) * recipe.groupsPerStep + i, recipe.seed);
    const negatives = groups.negatives(group);
    const hard = [...negatives.hard];
    const easy = [...negatives.random];
    const documents = [groups.positive(group)];
    while (documents.length <= recipe.negatives) {
      // A group with few candidates of its own borrows another's.
      if (hard.length + easy.length === 0) easy.push(...groups.negatives(random.below(groups.length)).random);
      const from = easy.length === 0 || (hard.length > 0 && random.next() < share) ? hard : easy;
      documents.push(groups.candidate(from.splice(random.below(from.length), 1)[0]));
    }
    return { query: groups.query(group), documents };
  });
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
