import { Planner } from '@sagemaker-reranker/models';

/**
 * Seconds that the parts of a request keep a whole machine busy; one of `processes` inference processes, each with as many of the
 * cores, takes so many times as long for its batch. A batch takes `batch` and the tokens of its rows, padded to the
 * longest; reading, tokenizing and answering take `request` and `pair` beside it, on the same cores.
 */
export interface Timing {
  readonly request: number;
  readonly batch: number;
  readonly pair: number;
  /** What a request, and each of its pairs, takes longer on an idle machine than its work: cores that wait for one another. */
  readonly latency: number;
  readonly pairLatency: number;
  /** What a container's one thread that reads, tokenizes and answers takes for a request, and for a token of its pairs. */
  readonly answer: number;
  readonly answerToken: number;
  /** Cores of the machine. */
  readonly cores: number;
  /** Inference processes of a machine. */
  readonly processes: number;
  /** Seconds of a padded token in rows of this many tokens: attention makes long rows dearer. */
  token(width: number): number;
}

/** Padded tokens of a batch: the container's default, RERANKER_BATCH_TOKENS. */
export const BATCH_TOKENS = 512;
/** Batches that the engine gives an inference process at once. */
const IN_FLIGHT = 2;

interface Machines {
  readonly timing: Timing;
  /** Equal ones behind one endpoint, each with a queue of its own: a request goes to the one with the fewest in flight. */
  readonly servers: number;
}

/** What became of the requests, in their order, in seconds. */
export interface Outcome {
  /** From arrival to answer. */
  readonly latencies: readonly number[];
  /** From the first arrival to the last answer. */
  readonly seconds: number;
  readonly batches: number;
  /** Tokens of the batches, padding included, each weighed by the time of its row. */
  readonly tokenSeconds: number;
}

/** A request: the lengths of its pairs in tokens. */
export type Lengths = Uint32Array;

/**
 * Requests that come at given times, through the planner that the engine runs.
 * @param arrivals seconds, ascending
 */
export function simulateArrivals(
  machines: Machines,
  arrivals: readonly number[],
  lengthsOf: (request: number) => Lengths,
): Outcome {
  const simulation = new Simulation(machines, lengthsOf);
  for (const time of arrivals) {
    simulation.runUntil(time);
    simulation.arrive(time);
  }
  simulation.runUntil(Infinity);
  return simulation.outcome();
}

/** So many requests in flight at all times, the next sent when one is answered: a closed loop. */
export function simulateClosed(
  machines: Machines,
  { concurrency, requests }: { readonly concurrency: number; readonly requests: number },
  lengthsOf: (request: number) => Lengths,
): Outcome {
  let sent = 0;
  const send = (time: number): void => {
    if (sent === requests) return;
    sent += 1;
    simulation.arrive(time);
  };
  const simulation = new Simulation(machines, lengthsOf, send);
  for (let i = 0; i < concurrency; i += 1) send(0);
  simulation.runUntil(Infinity);
  return simulation.outcome();
}

/** An inference process. */
interface Process {
  readonly server: Server;
  /** Batches handed over: the one that runs, and the next. */
  readonly running: (readonly { readonly request: Pending; readonly length: number }[])[];
  /** When the first of `running` is done. */
  doneAt: number;
}

interface Server {
  readonly planner: Planner<Pending>;
  readonly processes: Process[];
  /** Requests in flight. */
  load: number;
  /** When the thread that answers is done with all requests so far. */
  answeredAt: number;
  /** The process that is done first; absent where that has changed. */
  first?: Process;
}

interface Pending {
  readonly server: Server;
  readonly index: number;
  readonly arrivedAt: number;
  /** When its pairs reach the planner. */
  readonly readyAt: number;
  readonly lengths: Lengths;
  left: number;
}

class Simulation {
  readonly #timing: Timing;
  readonly #servers: Server[];
  readonly #lengthsOf: (request: number) => Lengths;
  readonly #onAnswer: (time: number) => void;
  readonly #latencies: number[] = [];
  /** Requests that are read and tokenized, by when they are ready. */
  readonly #reading: Pending[] = [];
  #batches = 0;
  #tokenSeconds = 0;
  #end = 0;
  #arrived = 0;

  constructor(
    { timing, servers }: Machines,
    lengthsOf: (request: number) => Lengths,
    onAnswer: (time: number) => void = () => undefined,
  ) {
    this.#timing = timing;
    this.#lengthsOf = lengthsOf;
    this.#onAnswer = onAnswer;
    this.#servers = Array.from({ length: servers }, () => {
      const planner = new Planner<Pending>(BATCH_TOKENS);
      const server: Server = { planner, processes: [], load: 0, answeredAt: 0 };
      for (let i = 0; i < timing.processes; i += 1) {
        server.processes.push({ server, running: [], doneAt: Infinity });
      }
      return server;
    });
  }

  arrive(time: number): void {
    const server = this.#servers.reduce((least, each) => (each.load < least.load ? each : least));
    const index = this.#arrived;
    this.#arrived += 1;
    const lengths = this.#lengthsOf(index);
    const { request, pair, latency, pairLatency, answer, answerToken } = this.#timing;
    const work = request + pair * lengths.length;
    const tokens = lengths.reduce((sum, length) => sum + length, 0);
    const onThread = answer + answerToken * tokens;
    server.answeredAt = Math.max(time, server.answeredAt) + onThread;
    const waits = latency + pairLatency * lengths.length;
    // It takes the cores from the batches that run, unless one is free.
    if (server.processes.every(({ running }) => running.length > 0)) {
      for (const process of server.processes) process.doneAt += work;
      server.first = undefined;
    }
    server.load += 1;
    const pending = {
      server,
      index,
      arrivedAt: time,
      readyAt: server.answeredAt + Math.max(0, work - onThread) + waits,
      lengths,
      left: lengths.length,
    };
    let place = this.#reading.length;
    while (place > 0 && this.#reading[place - 1]!.readyAt > pending.readyAt) place -= 1;
    this.#reading.splice(place, 0, pending);
  }

  /** Everything that happens up to a time. */
  runUntil(time: number): void {
    for (;;) {
      const ready = this.#reading[0];
      let process = firstOf(this.#servers[0]!);
      for (const server of this.#servers)
        if (firstOf(server).doneAt < process.doneAt) process = server.first!;
      const next = Math.min(ready?.readyAt ?? Infinity, process.doneAt);
      if (next > time || next === Infinity) return;
      if (ready && ready.readyAt <= process.doneAt) {
        this.#reading.shift();
        ready.server.planner.add(ready, ready.lengths);
        this.#fill(ready.server, next);
      } else {
        this.#finish(process, next);
      }
    }
  }

  outcome(): Outcome {
    return {
      latencies: this.#latencies,
      seconds: this.#end,
      batches: this.#batches,
      tokenSeconds: this.#tokenSeconds,
    };
  }

  #finish(process: Process, time: number): void {
    const { server, running } = process;
    const batch = running.shift()!;
    process.doneAt = running[0] ? time + this.#seconds(running[0]) : Infinity;
    server.first = undefined;
    this.#fill(server, time);
    for (const { request } of batch) {
      request.left -= 1;
      if (request.left > 0) continue;
      this.#latencies[request.index] = time - request.arrivedAt;
      this.#end = time;
      server.load -= 1;
      this.#onAnswer(time);
    }
  }

  #fill(server: Server, time: number): void {
    const { planner, processes } = server;
    for (;;) {
      if (planner.waitingTokens === 0) return;
      let process = processes[0]!;
      let idle = 0;
      for (const each of processes) {
        if (each.running.length < process.running.length) process = each;
        if (each.running.length === 0) idle += 1;
      }
      if (process.running.length === IN_FLIGHT) return;
      const batch = planner.next(idle);
      if (!batch) return;
      if (process.running.push(batch) === 1) {
        process.doneAt = time + this.#seconds(batch);
        server.first = undefined;
      }
      this.#batches += 1;
    }
  }

  #seconds(batch: readonly { readonly length: number }[]): number {
    const width = batch.reduce((longest, { length }) => Math.max(longest, length), 0);
    const tokens = batch.length * width * this.#timing.token(width);
    this.#tokenSeconds += tokens;
    return this.#timing.processes * (this.#timing.batch + tokens);
  }
}

function firstOf(server: Server): Process {
  if (server.first) return server.first;
  let first = server.processes[0]!;
  for (const each of server.processes) if (each.doneAt < first.doneAt) first = each;
  server.first = first;
  return first;
}
