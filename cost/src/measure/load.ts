import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.js';
import { failureOf, type Failure, type Target } from './target.js';
import type { Query } from './traffic.js';

/** One request of a step; times in milliseconds of the step's clock. */
export interface Sample {
  /** When it was due: in a closed loop when it was sent, in an open one when its arrival was scheduled. */
  readonly dueMs: number;
  readonly endedMs: number;
  readonly pairs: number;
  /** As the endpoint counted them; 0 where it did not answer. */
  readonly tokens: number;
  readonly failure?: Failure;
}

/** All requests of a step. */
export interface Run {
  readonly samples: readonly Sample[];
  readonly startedMs: number;
  /** When the last request was done. */
  readonly endedMs: number;
}

interface LoadOptions {
  readonly target: Target;
  /** Gives the query to send next. */
  readonly next: () => Query;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface ClosedOptions extends LoadOptions {
  readonly concurrency: number;
  /** No request starts later than this after the step's start, but for `leastRequests`. */
  readonly seconds: number;
  /** The step goes on until so many were sent, for at most four times its seconds. Default 1. */
  readonly leastRequests?: number;
}

// A full endpoint answers at once; asking again at once would measure how fast it refuses.
const PAUSE_MS = 100;

/** Keeps `concurrency` requests in flight: the next is sent when one is answered. */
export async function closedLoop(options: ClosedOptions): Promise<Run> {
  const { clock, concurrency, seconds, leastRequests = 1 } = options;
  const samples: Sample[] = [];
  const startedMs = clock.now();
  let sent = 0;
  const more = (): boolean => {
    const elapsed = clock.now() - startedMs;
    return elapsed < 1000 * seconds || (sent < leastRequests && elapsed < 4000 * seconds);
  };
  await together(options.signal, concurrency, async (signal) => {
    while (more()) {
      sent += 1;
      const sample = await request(options, clock.now(), signal);
      samples.push(sample);
      if (sample.failure?.throttled) await clock.sleep(PAUSE_MS, signal);
    }
  });
  return { samples, startedMs, endedMs: clock.now() };
}

interface OpenOptions extends LoadOptions {
  /** When each request is due, milliseconds from the step's start, ascending. */
  readonly arrivalsMs: readonly number[];
}

/**
 * Sends each request when it is due, whether or not earlier ones were answered. Latency counts from then, so a request
 * that a busy generator sends late has waited all the same.
 */
export async function openLoop(options: OpenOptions): Promise<Run> {
  const { arrivalsMs, clock } = options;
  const startedMs = clock.now();
  const samples: Sample[] = [];
  await together(options.signal, arrivalsMs.length, async (signal, i) => {
    const dueMs = startedMs + arrivalsMs[i]!;
    const wait = dueMs - clock.now();
    if (wait > 0) await clock.sleep(wait, signal);
    samples.push(await request(options, dueMs, signal));
  });
  return { samples, startedMs, endedMs: clock.now() };
}

async function request(
  { target, next, clock }: LoadOptions,
  dueMs: number,
  signal: AbortSignal,
): Promise<Sample> {
  const query = next();
  const pairs = query.documents.length;
  try {
    const tokens = await target.send(query, signal);
    return { dueMs, endedMs: clock.now(), pairs, tokens };
  } catch (error) {
    signal.throwIfAborted();
    return { dueMs, endedMs: clock.now(), pairs, tokens: 0, failure: failureOf(error) };
  }
}

/** Runs `count` tasks at once; the first that fails ends the others, and none is left running. */
async function together(
  signal: AbortSignal,
  count: number,
  task: (signal: AbortSignal, index: number) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  // One for each request that waits, by design.
  setMaxListeners(0, either);
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      task(either, i).catch((error: unknown) => {
        if (!failed.signal.aborted) failed.abort(error);
      }),
    ),
  );
  signal.throwIfAborted();
  if (failed.signal.aborted) throw failed.signal.reason;
}
