import { CostError } from '../errors.js';
import type { ClosedStep, MeasuredSize, Measurement, OpenStep } from '../types.js';
import { arrivalsWithin } from './arrivals.js';
import { systemClock, type Clock } from './clock.js';
import { closedLoop, openLoop, type Run } from './load.js';
import type { ProcessUsage } from './processes.js';
import { closedStep, openStep, squaredVariation } from './summary.js';
import type { Target } from './target.js';
import type { Query, Traffic } from './traffic.js';

/** What of a measurement is known before anything is sent. */
export type Subject = Pick<
  Measurement,
  | 'command'
  | 'version'
  | 'machine'
  | 'instanceType'
  | 'region'
  | 'hosting'
  | 'serverlessMemoryMb'
  | 'model'
  | 'software'
  | 'processes'
  | 'startSeconds'
>;

export interface MeasureOptions {
  readonly target: Target;
  readonly traffic: Traffic;
  /** Queries of other sizes, measured alone and at `concurrency`. */
  readonly otherSizes?: readonly Traffic[];
  readonly subject: Subject;
  /** Requests in flight, one closed step each. Concurrency 1 is always measured. */
  readonly concurrency: readonly number[];
  /** The sweep goes on by doubling, up to this, while the last step is still the best. */
  readonly mostConcurrency: number;
  /** Offered rates of the open steps, as shares of the rate at saturation. */
  readonly loads: readonly number[];
  /** Of each step. */
  readonly seconds: number;
  /** Usage of the container's processes; gives null where they cannot be read. */
  readonly usage: () => Promise<ProcessUsage | null>;
  /** Gets a line for each step. */
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
  /** Default the system's. */
  readonly clock?: Clock;
}

/** Requests that a step needs before its percentiles say anything; slow models get four times the seconds for them. */
const LEAST_REQUESTS = 30;
/** The same for arrivals, whose 95th percentile is held against the simulation. */
const LEAST_ARRIVALS = 200;
/** The sweep goes on while a step yields this much more than all before it. */
const GAIN = 1.05;
/** The knee is the highest offered rate at which p95 stays under this many times p95 alone. */
const KNEE_FACTOR = 3;
/** A step in which other processes took more of the processors than this is measured again, so many times at most; the least disturbed counts. */
const MOST_ELSEWHERE = 0.05;
const TRIES = 3;
/** Counts further apart than this come from another tokenizer than the endpoint's. */
const COUNT_TOLERANCE = 0.02;

/**
 * Measures one target: alone, closed loops of rising concurrency to saturation, then Poisson arrivals at shares of that
 * rate.
 * @throws CostError when no request is answered; RerankerError when the endpoint refuses the requests as such; the
 *   signal's reason.
 */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const session = new Session(options);
  const { subject, traffic, usage } = options;
  const date = new Date().toISOString();
  const idle = await usage();
  await session.warmUp();
  const { alone, closed } = await session.sweep();
  const best = closed.reduce((a, b) => (b.step.tokensPerSecond > a.step.tokensPerSecond ? b : a));
  const open = await session.arrivals(best.step);
  const sizes: MeasuredSize[] = [];
  for (const other of options.otherSizes ?? [])
    sizes.push(await new Session({ ...options, traffic: other }).size());
  const peak = await usage();
  return {
    format: 2,
    date,
    ...subject,
    traffic: traffic.stated,
    saturation: {
      pairsPerSecond: best.step.pairsPerSecond,
      tokensPerSecond: best.step.tokensPerSecond,
      cpuSecondsPerPair: best.cpuSeconds && best.cpuSeconds / best.pairs,
      cpuSecondsPer1kTokens: best.cpuSeconds && (1000 * best.cpuSeconds) / best.tokens,
    },
    alone,
    closed: closed.map(({ step }) => step),
    sizes: sizes.length > 0 ? sizes : undefined,
    open,
    memory: idle && peak && { idleMib: idle.residentMib, peakMib: peak.peakMib },
    knee: kneeOf(alone.p95Ms, open),
  };
}

/** The highest offered rate without failures whose p95 stayed under three times p95 alone; null if none did. */
export function kneeOf(aloneP95Ms: number, open: readonly OpenStep[]): Measurement['knee'] {
  const limit = KNEE_FACTOR * aloneP95Ms;
  const within = open.filter(({ failed, p95Ms }) => failed === 0 && p95Ms < limit);
  if (within.length === 0) return null;
  const { offeredPerSecond, p95Ms } = within.reduce((a, b) =>
    b.offeredPerSecond > a.offeredPerSecond ? b : a,
  );
  return { offeredPerSecond, p95Ms, factor: KNEE_FACTOR };
}

/** A step's requests, and what of the processors was not theirs. */
interface Tried {
  readonly run: Run;
  readonly elsewhere: number | undefined;
  readonly cpuSeconds: number | null;
}

/** A closed step with what it cost. */
interface CostedStep {
  readonly step: ClosedStep;
  readonly run: Run;
  readonly pairs: number;
  readonly tokens: number;
  readonly cpuSeconds: number | null;
}

class Session {
  readonly #options: MeasureOptions;
  readonly #load: { target: Target; next: () => Query; clock: Clock; signal: AbortSignal };
  #sent = 0;
  /** Tokens the endpoint counts for each one that was planned. */
  #counted = 1;

  constructor(options: MeasureOptions) {
    const { target, traffic, clock = systemClock, signal } = options;
    const { queries } = traffic;
    const next = (): Query => {
      this.#sent += 1;
      return queries[(this.#sent - 1) % queries.length]!;
    };
    this.#options = options;
    this.#load = { target, next, clock, signal };
  }

  /** The first request wakes the endpoint; some more bring its memory and caches to their usual state. */
  async warmUp(): Promise<void> {
    const { onProgress, seconds, signal, target, traffic } = this.#options;
    onProgress('warming up');
    const [query] = traffic.queries;
    this.#counted = (await target.wake(query!, signal)) / query!.tokens;
    if (Math.abs(this.#counted - 1) > COUNT_TOLERANCE) {
      onProgress(
        `the endpoint counts ${this.#counted.toFixed(3)} tokens for each one stated: its tokenizer is another, ` +
          'and document lengths differ from those stated by as much',
      );
    }
    await closedLoop({ ...this.#load, concurrency: 2, seconds: Math.min(3, seconds / 4) });
  }

  async sweep(): Promise<{ alone: Measurement['alone']; closed: CostedStep[] }> {
    const { concurrency, mostConcurrency, onProgress } = this.#options;
    const asked = [...new Set([1, ...concurrency])].sort((a, b) => a - b);
    const closed: CostedStep[] = [];
    let bestBefore = 0;
    for (let level = asked.shift(); level !== undefined; level = asked.shift()) {
      const costed = await this.#closed(level);
      if (!costed) {
        if (level === 1)
          throw new CostError('no request was answered, not even one at a time: nothing to measure');
        onProgress(`concurrency ${level}: no request was answered; the sweep ends here`);
        break;
      }
      closed.push(costed);
      const { tokensPerSecond } = costed.step;
      const next = 2 * level;
      const rising = tokensPerSecond > GAIN * bestBefore;
      if (asked.length === 0 && closed.length > 1 && rising && next <= mostConcurrency) asked.push(next);
      bestBefore = Math.max(bestBefore, tokensPerSecond);
    }
    const [{ step, run }] = closed as [CostedStep, ...CostedStep[]];
    const { meanMs, p50Ms, p95Ms, p99Ms } = step;
    const alone = { meanMs, p50Ms, p95Ms, p99Ms, squaredVariation: squaredVariation(run.samples) };
    return { alone, closed };
  }

  /** Closed loops at one, and at each concurrency that is asked for. */
  async size(): Promise<MeasuredSize> {
    const { concurrency, onProgress, traffic } = this.#options;
    const { documentsPerQuery, meanPairTokens } = traffic.stated;
    onProgress(`queries of ${documentsPerQuery} documents`);
    const levels = [...new Set([1, ...concurrency])].sort((a, b) => a - b);
    const closed: ClosedStep[] = [];
    for (const level of levels) {
      const costed = await this.#closed(level);
      if (costed) closed.push(costed.step);
    }
    return { documentsPerQuery, meanPairTokens, closed };
  }

  /** Steps with Poisson arrivals, at shares of the saturated rate. */
  async arrivals(saturated: ClosedStep): Promise<OpenStep[]> {
    const { loads, onProgress, seconds, traffic } = this.#options;
    const steps: OpenStep[] = [];
    for (const [i, share] of [...loads].sort((a, b) => a - b).entries()) {
      const perSecond = share * saturated.requestsPerSecond;
      const window = Math.min(Math.max(seconds, LEAST_ARRIVALS / perSecond), 4 * seconds);
      const requests = Math.max(1, Math.round(perSecond * window));
      const seed = traffic.stated.seed + i + 1;
      const arrivalsMs = arrivalsWithin({ requests, seconds: window, seed });
      const name = `offered ${share} of saturation`;
      let planned = 0;
      const next = (): Query => {
        const query = this.#load.next();
        planned += query.tokens;
        return query;
      };
      const { run, elsewhere } = await this.#undisturbed(window, name, () => {
        planned = 0;
        return openLoop({ ...this.#load, next, arrivalsMs });
      });
      const offered = { seconds: window, tokens: planned * this.#counted };
      const found = openStep(offered, saturated.tokensPerSecond, run);
      const step = found && { ...found, elsewhere };
      if (step) steps.push(step);
      onProgress(
        step ? `${name}: ${describe(step)}` : `${name}: no request was answered of ${arrivalsMs.length}`,
      );
    }
    return steps;
  }

  /** A step, again where other processes took the machine from it; of several the one that they took least from. */
  async #undisturbed(seconds: number, name: string, step: () => Promise<Run>): Promise<Tried> {
    const { onProgress, subject, usage } = this.#options;
    let best: Tried | undefined;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await usage();
      const run = await step();
      const after = await usage();
      const others =
        before?.elsewhereSeconds === undefined || after?.elsewhereSeconds === undefined
          ? undefined
          : after.elsewhereSeconds - before.elsewhereSeconds;
      const span = Math.max(seconds, (run.endedMs - run.startedMs) / 1000);
      const elsewhere = others === undefined ? undefined : Math.max(0, others / span / subject.machine.vcpus);
      const cpuSeconds = before && after && after.cpuSeconds - before.cpuSeconds;
      if (best === undefined || (elsewhere ?? 0) < (best.elsewhere ?? 0))
        best = { run, elsewhere, cpuSeconds };
      if ((elsewhere ?? 0) <= MOST_ELSEWHERE) break;
      onProgress(
        `${name}: other processes took ${Math.round(100 * elsewhere!)} % of the processors; try ${tries + 1} of ${TRIES}`,
      );
    }
    return best!;
  }

  async #closed(concurrency: number): Promise<CostedStep | undefined> {
    const { onProgress, seconds } = this.#options;
    const leastRequests = concurrency === 1 ? LEAST_REQUESTS : concurrency;
    const { run, elsewhere, cpuSeconds } = await this.#undisturbed(
      seconds,
      `concurrency ${concurrency}`,
      () => closedLoop({ ...this.#load, concurrency, seconds, leastRequests }),
    );
    const found = closedStep(concurrency, run);
    if (!found) return undefined;
    const step = { ...found, elsewhere };
    onProgress(`concurrency ${concurrency}: ${describe(step)}`);
    const answered = run.samples.filter(({ failure }) => !failure);
    return {
      step,
      run,
      pairs: answered.reduce((sum, { pairs }) => sum + pairs, 0),
      tokens: answered.reduce((sum, { tokens }) => sum + tokens, 0),
      cpuSeconds,
    };
  }
}

function describe(step: ClosedStep | OpenStep): string {
  const { requestsPerSecond, p50Ms, p95Ms, requests, failed, throttled } = step;
  const tokens = 'tokensPerSecond' in step ? `, ${step.tokensPerSecond.toFixed(0)} tokens/s` : '';
  return (
    `${requestsPerSecond.toPrecision(3)} queries/s${tokens}, p50 ${p50Ms.toFixed(0)} ms, p95 ${p95Ms.toFixed(0)} ms, ` +
    `${requests} sent, ${failed} failed (${throttled} throttled)`
  );
}
