import { Random, type ModelFigures } from '@sagemaker-reranker/models';
import type { ClosedStep, LengthShare, Measurement } from '../types.js';
import { leastSquares } from './least-squares.js';
import { simulateClosed, type Lengths, type Timing } from './simulation.js';
import { sameModel, workPerBatch, workPerToken } from './work.js';

/** Queries of one kind: so many documents, and the lengths of their pairs. */
export interface Pairs {
  readonly documents: number;
  /** Lengths of pairs, query and special tokens included. */
  readonly mix: readonly LengthShare[];
  /** Pairs of the mix that each of these stands for, with all their tokens; by default 1. */
  readonly each?: number;
}

/** Lengths of a request's pairs, drawn from their mix: the same for the same seed. */
export function drawFrom({ documents, mix, each = 1 }: Pairs, seed: number): (request: number) => Lengths {
  const ends: number[] = [];
  for (const { share } of mix) ends.push((ends.at(-1) ?? 0) + share);
  const most = ends.at(-1)!;
  return (request) => {
    const random = new Random((seed + Math.imul(request + 1, 0x9e3779b1)) >>> 0);
    const draw = (): number => {
      const at = random.next() * most;
      return mix[ends.findIndex((end) => at < end)]!.tokens;
    };
    const lengths = new Uint32Array(documents);
    for (let i = 0; i < documents; i += 1) {
      let sum = 0;
      for (let n = 0; n < each; n += 1) sum += draw();
      // By what each of them has, so that as many different lengths come as of single pairs.
      lengths[i] = each * Math.max(1, Math.round(sum / each));
    }
    return lengths;
  };
}

/** How a measured step compares with the fit. */
export interface Residual {
  readonly documents: number;
  readonly concurrency: number;
  readonly measuredPerSecond: number;
  readonly fittedPerSecond: number;
}

/** What the parts of a request cost on the measured machine. */
interface Fit {
  readonly timing: Timing;
  /** What was fitted, without what a batch costs in work of the model. */
  readonly parts: Parts;
  /** What the parts of a request would cost there with another model. */
  timingOf(model: ModelFigures): Timing;
  /** Seconds of a token in rows as long as the mean pair of the measurement. */
  readonly tokenSeconds: number;
  /** How each closed step compares. */
  residuals(): Residual[];
}

/** A step of a measurement that tells how many requests the machine gets through. */
interface Observation {
  readonly pairs: Pairs;
  readonly step: Pick<ClosedStep, 'concurrency' | 'requestsPerSecond' | 'meanMs'>;
}

/**
 * CPU seconds of the thread that reads, tokenizes and answers, for a request and for a token: a container of tiny int8 on an EPYC,
 * requests of 1 to 100 documents of 60 to 200 tokens, 2026-11-26; 0.94 ms for one document, 24 ms for 16,000 tokens. Taken to be so on
 * every measured machine.
 */
const ANSWER_SECONDS = 0.9e-3;
const ANSWER_TOKEN_SECONDS = 1.45e-6;

const SEED = 20_251;
/** Pairs that a simulation of a closed loop goes through. */
const SIMULATED_PAIRS = 1_500;
const FEWEST_REQUESTS = 40;
/** The simulated batches depend on the times that are fitted, a little. */
const ROUNDS = 2;

const fits = new WeakMap<Measurement, Map<Measurement | undefined, Fit>>();

/**
 * Fixed times and the time of a token, by least squares over the closed steps of a measurement at several sizes of query: the
 * seconds of a request are `request + pair x documents + batch x batches + token x tokens`, with the batches and padded tokens
 * that the engine's planner makes of such requests. None is negative. A measurement of one size takes the fixed times of
 * another one, if possible of the same model.
 */
export function fitTiming(m: Measurement, all: readonly Measurement[]): Fit {
  const donor = severalSizes(m) ? undefined : donorFor(m, all);
  const known = fits.get(m) ?? new Map<Measurement | undefined, Fit>();
  fits.set(m, known);
  const fit = known.get(donor) ?? fitObservations(m, donor && { of: donor, fit: fitTiming(donor, []) });
  known.set(donor, fit);
  return fit;
}

const severalSizes = (m: Measurement): boolean => (m.sizes?.length ?? 0) > 0;

/** Lengths differ by this factor before they count as different. */
const OTHER_LENGTH = 1.3;

function severalLengths({ traffic, sizes = [] }: Measurement): boolean {
  const lengths = [traffic, ...sizes].map(({ meanPairTokens }) => meanPairTokens);
  return Math.max(...lengths) / Math.min(...lengths) > OTHER_LENGTH;
}

function donorFor(m: Measurement, all: readonly Measurement[]): Measurement | undefined {
  const donors = all.filter(severalSizes);
  const same = donors.filter(({ model }) => model.precision === m.model.precision);
  return same.find(({ model }) => sameModel(model, m.model)) ?? same[0] ?? donors[0];
}

interface Parts extends Omit<Timing, 'token'> {
  readonly tokenSeconds: number;
}

function fitObservations(m: Measurement, donor?: { readonly of: Measurement; readonly fit: Fit }): Fit {
  const { model, traffic } = m;
  const all = observationsOf(m);
  // Alone, a request leaves cores idle: what it takes longer than its work is latency, not capacity.
  const saturated = all.filter(({ step }) => step.concurrency > 1);
  const used = saturated.length > 0 ? saturated : all;
  const unit = workPerToken(model, traffic.meanPairTokens);
  const batchWork = workPerBatch(model) / unit;
  const tokenSeconds = 1 / m.saturation.tokensPerSecond;
  const { processes = 1, machine } = m;
  let parts: Parts = {
    ...{ processes, cores: machine.vcpus, answer: ANSWER_SECONDS, answerToken: ANSWER_TOKEN_SECONDS },
    ...{ request: 0, batch: 0, pair: 0, latency: 0, pairLatency: 0, tokenSeconds },
  };
  if (donor) {
    // The same code on another machine: faster or slower by as much as its tokens, where the model is the same.
    const factor = sameModel(donor.of.model, model) ? tokenSeconds * donor.of.saturation.tokensPerSecond : 1;
    const { request, batch, pair } = donor.fit.parts;
    parts = { ...parts, request: request * factor, batch: batch * factor, pair: pair * factor };
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    const timing = timingOf(parts, model, unit);
    const rows = used.map(({ pairs, step }) => {
      const { batches, tokenSeconds: inTokens, latencies } = closed(timing, pairs, step.concurrency);
      const requests = latencies.length;
      return {
        fixed: [1, batches / requests, pairs.documents],
        // What a batch costs with this model beside its tokens grows with the model as they do.
        tokens: (inTokens / parts.tokenSeconds + batches * batchWork) / requests,
        // Relative errors count: equations are divided by what was measured.
        weight: step.requestsPerSecond,
      };
    });
    if (severalSizes(m)) {
      // With pairs of one length a pair is so many tokens: nothing tells its own time from theirs.
      const apart = severalLengths(m);
      const [token, request, batch, pair = 0] = leastSquares(
        rows.map(({ fixed: [one, batches, pairs], tokens, weight }) =>
          [tokens, one!, batches!, ...(apart ? [pairs!] : [])].map((x) => x * weight),
        ),
        rows.map(() => 1),
      ) as [number, number, number, number?];
      parts = { ...parts, request, batch, pair, tokenSeconds: token };
    } else {
      const beside = ({ fixed: [one, batches, pairs] }: (typeof rows)[number]): number =>
        one! * parts.request + batches! * parts.batch + pairs! * parts.pair;
      const [token] = leastSquares(
        rows.map(({ tokens, weight }) => [tokens * weight]),
        rows.map((row) => 1 - beside(row) * row.weight),
      ) as [number];
      parts = { ...parts, tokenSeconds: token };
    }
  }
  const alone = all.filter(({ step }) => step.concurrency === 1);
  const own = timingOf(parts, model, unit);
  const extra = alone.map(({ pairs, step }) =>
    Math.max(0, step.meanMs / 1000 - mean(closed(own, pairs, 1).latencies)),
  );
  const [latency = 0, pairLatency = 0] = leastSquares(
    alone.map(({ pairs, step }) =>
      (alone.length > 1 ? [1, pairs.documents] : [1]).map((x) => x / step.meanMs),
    ),
    extra.map((seconds, i) => seconds / alone[i]!.step.meanMs),
  );
  const whole = { ...parts, latency, pairLatency };
  const timing = timingOf(whole, model, unit);
  return {
    timing,
    parts: whole,
    timingOf: (other) => timingOf(whole, other, unit),
    tokenSeconds: parts.tokenSeconds,
    residuals: () =>
      all.map(({ pairs, step }) => ({
        documents: pairs.documents,
        concurrency: step.concurrency,
        measuredPerSecond: step.requestsPerSecond,
        fittedPerSecond: perSecond(timing, pairs, step.concurrency),
      })),
  };
}

/** The measured pairs: those of the mix with their query and special tokens. */
export function pairsOf({ traffic }: Measurement, documents = traffic.documentsPerQuery): Pairs {
  const own = traffic.documentTokens.reduce((sum, { tokens, share }) => sum + tokens * share, 0);
  const beside = traffic.meanPairTokens - own;
  return {
    documents,
    mix: traffic.documentTokens.map(({ tokens, share }) => ({ tokens: tokens + beside, share })),
  };
}

/** The same pairs with another mean length. */
export function scaled(mix: readonly LengthShare[], mean: number): LengthShare[] {
  const own = meanLength(mix);
  return mix.map(({ tokens, share }) => ({ tokens: (tokens * mean) / own, share }));
}

export function meanLength(mix: readonly LengthShare[]): number {
  const shares = mix.reduce((sum, { share }) => sum + share, 0);
  return mix.reduce((sum, { tokens, share }) => sum + tokens * share, 0) / shares;
}

/** Requests in flight at which an instance of few cores is taken to be saturated. */
const SATURATED = 16;
/** Of one with many, pairs in flight for each process. */
const SATURATED_PAIRS = 4;

/** Requests a second that a machine of this timing gets through with many in flight. */
export function saturatedPerSecond(timing: Timing, pairs: Pairs): number {
  const each = Math.ceil((SATURATED_PAIRS * timing.processes) / pairs.documents);
  return perSecond(timing, pairs, Math.max(SATURATED, each));
}

/** Mean seconds of a request that finds a machine of this timing idle. */
export function aloneSeconds(timing: Timing, pairs: Pairs): number {
  return mean(closed(timing, pairs, 1).latencies);
}

/** Requests a second with so many in flight. */
export function perSecond(timing: Timing, pairs: Pairs, concurrency: number): number {
  const { latencies, seconds } = closed(timing, pairs, concurrency);
  return latencies.length / seconds;
}

function closed(timing: Timing, pairs: Pairs, concurrency: number) {
  const requests = Math.max(FEWEST_REQUESTS, 4 * concurrency, Math.round(SIMULATED_PAIRS / pairs.documents));
  return simulateClosed(
    { timing, servers: 1 },
    { concurrency, requests: Math.min(requests, Math.max(1_000, 4 * concurrency)) },
    drawFrom(pairs, SEED),
  );
}

/** Times with a model, where a token of the fitted one is so much work. */
function timingOf({ tokenSeconds, ...fixed }: Parts, model: ModelFigures, unit: number): Timing {
  const seconds = tokenSeconds / unit;
  // Asked for with every simulated batch.
  const known: number[] = [];
  return {
    ...fixed,
    batch: fixed.batch + seconds * workPerBatch(model),
    token: (width) => (known[width] ??= seconds * workPerToken(model, width)),
  };
}

function observationsOf(m: Measurement): Observation[] {
  const { saturation, alone, traffic } = m;
  // What every measurement states, where it does not list its steps.
  const stated = [
    { concurrency: 1, requestsPerSecond: 1000 / alone.meanMs, meanMs: alone.meanMs },
    {
      concurrency: SATURATED,
      requestsPerSecond: saturation.pairsPerSecond / traffic.documentsPerQuery,
      meanMs: alone.meanMs,
    },
  ];
  const steps = m.closed.length > 0 ? m.closed : stated;
  const own = steps.map((step) => ({ pairs: pairsOf(m), step }));
  const others = (m.sizes ?? []).flatMap(({ documentsPerQuery, meanPairTokens, closed: steps }) => {
    const { mix } = pairsOf(m);
    const pairs = { documents: documentsPerQuery, mix: scaled(mix, meanPairTokens) };
    return steps.map((step) => ({ pairs, step }));
  });
  return [...own, ...others];
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
