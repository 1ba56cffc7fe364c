import { VARIANTS, type VariantId, operationsPerToken } from '@sagemaker-reranker/models';
import type { HostingOption, Question } from '../types.js';
import { parseDuty } from './question.js';

/** Passages of a request, and tokens of each with its query and the special tokens: p50 44 and p90 149 tokens a passage. */
export const DOCUMENTS_PER_REQUEST = 100;
export const TOKENS_PER_PAIR = 80;

/**
 * The traffic that the recommended types are held against: a request a second, of base one in five seconds, answered within
 * three seconds.
 */
export function referenceQuestion(variant: VariantId): Question {
  return {
    variant,
    precision: 'int8',
    region: 'us-east-1',
    queriesPerSecond: variant === 'base' ? 0.2 : 1,
    documentsPerQuery: DOCUMENTS_PER_REQUEST,
    tokensPerPair: TOKENS_PER_PAIR,
    p95Ms: 3000,
    duty: parseDuty('always'),
  };
}

/**
 * The instance type that a deployment takes where none is named: of the types that batch transform runs on too, so that one
 * image serves both, one of the newest Xeons (c7i, with AVX-512 VNNI and AMX) that carries the reference traffic, which a smaller
 * one does not at the slow end of the estimate. A
 * test holds it against the comparison for that traffic: it meets the target, and costs at most a tenth more than the cheapest
 * of its vCPUs, c6i, which rests on assumed clocks.
 */
export function recommendedInstanceType(variant: VariantId): string {
  const { products } = operationsPerToken(VARIANTS[variant].architecture, TOKENS_PER_PAIR);
  if (products > 20e6) return 'ml.c7i.2xlarge';
  return products > 10e6 ? 'ml.c7i.xlarge' : 'ml.c7i.large';
}

/** What `cdk deploy` takes by default beside what is cheapest here, and why. */
export function defaultNote({ variant }: Question, options: readonly HostingOption[]): string {
  const { queriesPerSecond, p95Ms } = referenceQuestion(variant);
  const name = recommendedInstanceType(variant);
  const own = options.find(({ instanceType, hosting }) => instanceType === name && hosting === 'real-time');
  const here = !own
    ? ''
    : own.meetsTarget
      ? '; it meets the target of this question, too'
      : '; it does not meet the target of this question: set instanceType';
  return `\`cdk deploy\` takes ${name} where no type is named: a c7i that answers ${queriesPerSecond} requests a second of ${DOCUMENTS_PER_REQUEST} documents within ${p95Ms / 1000} s, which a smaller one does not at the slow end of the estimate, and runs batch transform as well, which no Graviton type does${here}`;
}
