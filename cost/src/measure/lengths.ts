import type { Random } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import type { LengthShare } from '../types.js';

/** Document lengths in tokens, without query and special tokens: lognormal between 1 and `most`. */
export interface LengthMix {
  /** Half of the documents are longer. */
  readonly median: number;
  /** A tenth of the documents is longer; equal to the median where all are alike. */
  readonly p90: number;
  /** Longer documents are cut to this. */
  readonly most: number;
}

/** Passages as a first stage returns them: half over 44 tokens, a tenth over 149, none over 317. */
const MIX: LengthMix = { median: 44, p90: 149, most: 317 };
// The standard normal distribution's 90th percentile.
const Z90 = 1.2815515655446004;
const LONGEST = 8_192;
const GROUPS = 20;

/**
 * `mix`, one length for all (`200`), or `median:p90:most`.
 * @throws CostError
 */
export function parseLengthMix(text: string): LengthMix {
  if (text === 'mix') return MIX;
  const [median = NaN, p90 = median, most = p90, ...rest] = text
    .split(':')
    .map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (rest.length === 0 && median >= 1 && median <= p90 && p90 <= most && most <= LONGEST) {
    return { median, p90, most };
  }
  throw new CostError(
    `--tokens is ${JSON.stringify(text)}; it must be mix (${MIX.median}:${MIX.p90}:${MIX.most}), a length such as 200, ` +
      `or median:p90:longest, rising whole numbers from 1 to ${LONGEST}`,
  );
}

/** `count` lengths drawn from the mix. */
export function drawLengths({ median, p90, most }: LengthMix, count: number, random: Random): number[] {
  const deviation = Math.log(p90 / median) / Z90;
  return Array.from({ length: count }, () => {
    const length = Math.round(median * Math.exp(deviation * standardNormal(random)));
    return Math.min(Math.max(length, 1), most);
  });
}

/** Lengths as they were drawn, in at most 20 groups of nearly equal size, each by its mean. */
export function lengthShares(lengths: readonly number[]): LengthShare[] {
  const sorted = [...lengths].sort((a, b) => a - b);
  const groups = Math.min(GROUPS, sorted.length);
  const shares = new Map<number, number>();
  for (let group = 0; group < groups; group += 1) {
    const members = sorted.slice(
      Math.floor((group * sorted.length) / groups),
      Math.floor(((group + 1) * sorted.length) / groups),
    );
    const mean = members.reduce((sum, length) => sum + length, 0) / members.length;
    shares.set(mean, (shares.get(mean) ?? 0) + members.length / sorted.length);
  }
  return [...shares].map(([tokens, share]) => ({ tokens, share }));
}

/** Box and Muller, "A note on the generation of random normal deviates" (1958). */
function standardNormal(random: Random): number {
  // 1 - u: the logarithm of 0 has no value, and u may be 0.
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
