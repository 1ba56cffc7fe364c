/** `npm run fuzz -- [--minutes N] [--seed S] [--url URL]`: calls of every kind, good and bad, against one container. */
import { readdir } from 'node:fs/promises';
import { Command } from 'commander';
import fc from 'fast-check';
import { usageBelow } from '@sagemaker-reranker/cost/measure';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { BenchServer, type LogLine } from '../engine/server.js';
import { CANARY, calls, type Call, type Surface } from './call.js';
import { isWhole, make, type Heard } from './conduct.js';

const CALLERS = 6;
/** Calls of each caller between two looks at the server. */
const ROUND = 50;
/** SageMaker takes a container for dead that does not answer a ping in this time. */
const PING_MS = 2_000;
const SETTLE_MS = 10_000;
const DEADLINE_MS = 5_000;
/** Resident memory may grow by this part after the first tenth of the calls. */
const MOST_GROWTH = 0.1;
/** Answers there may be: what is wrong with a call is the caller's, and a server under load may say so. */
const STATUSES = new Set([200, 400, 404, 405, 406, 408, 413, 415, 422, 429, 431, 503, 504]);
/** What the log says of a request. */
const TOLD = new Set(['reranked', 'refused', 'caller hung up']);

class Watch {
  readonly faults: string[] = [];
  /** Lines of the log about each request. */
  readonly told = new Map<string, string[]>();

  read = (line: LogLine): void => {
    const { level, msg = '', requestId } = line;
    const text = JSON.stringify(line);
    if (text.includes(CANARY)) this.faults.push(`the log holds a text: ${text.slice(0, 300)}`);
    if (level === 'error' || level === 'fatal') this.faults.push(`the log holds an error: ${text}`);
    if (requestId === undefined || !TOLD.has(msg)) return;
    this.told.set(requestId, [...(this.told.get(requestId) ?? []), msg]);
  };
}

/** What is wrong with an answer; undefined where nothing is. */
function faultOf(call: Call, { text, hung, error }: Heard): string | undefined {
  if (hung) return 'the connection was neither answered nor closed';
  if (!isWhole(call)) return undefined;
  const end = text.indexOf('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
  if (end < 0 || !STATUSES.has(status))
    return `it was answered with ${JSON.stringify(text.slice(0, 300))}, and ${error ?? 'closed'}`;
  const head = text.slice(0, end).toLowerCase();
  const body = text.slice(end + 4);
  const length = /^content-length: (\d+)/m.exec(head)?.[1];
  if (call.method === 'HEAD') return undefined;
  // What a caller writes beyond the end that it told is another request, and has an answer of its own.
  if (call.framing !== 'length' && call.framing !== 'chunked') return undefined;
  if (length !== undefined && Number(length) !== body.length)
    return `${body.length} of ${length} bytes came back`;
  if (/^content-type: application\/json/m.test(head) && length !== undefined) {
    try {
      JSON.parse(Buffer.from(body, 'latin1').toString('utf8'));
    } catch {
      return `its answer is no JSON: ${body.slice(0, 300)}`;
    }
  }
  if (!head.includes('\r\nx-request-id: ') && status !== 400 && status !== 408 && status !== 431) {
    return `the answer with ${status} has no X-Request-Id`;
  }
  return undefined;
}

/** Lines of the log that a call may have: one, and for a body of lines one more where its caller hangs up. */
function linesOf({ type }: Call): number {
  return /csv|jsonl|ndjson/.test(type ?? '') ? 2 : 1;
}

async function surface(url: string): Promise<Surface> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
    components: { schemas: Record<string, { example?: object }> };
  };
  const examples = Object.values(document.components.schemas).flatMap(({ example }) => example ?? []);
  return { paths: Object.keys(document.paths), examples };
}

async function handlesOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Looks until it holds, for some seconds at most. */
async function until(holds: () => Promise<boolean>): Promise<boolean> {
  const end = performance.now() + SETTLE_MS;
  while (performance.now() < end) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

async function fuzz(minutes: number, seed: number): Promise<void> {
  const watch = new Watch();
  const server = await BenchServer.container(embeddedModelDirectory(), watch.read, [
    // A body that never ends is given up after this.
    '--deadline-ms',
    String(DEADLINE_MS),
  ]);
  const known = await surface(server.url);
  const [pid] = await server.pids();
  const handles = await handlesOf(pid!);
  const end = performance.now() + 60_000 * minutes;
  const memory: number[] = [];
  let made = 0;
  let slowest = 0;
  const one = async (call: Call, id: string): Promise<void> => {
    const fault = faultOf(call, await make(server.port, call, id));
    if (fault !== undefined) throw new Error(fault);
    const lines = watch.told.get(id)?.length ?? 0;
    watch.told.delete(id);
    if (lines > linesOf(call)) throw new Error(`the log has ${lines} lines about it`);
    if (watch.faults.length > 0) throw new Error(watch.faults.join('\n'));
  };
  const caller = async (number: number, round: number): Promise<void> => {
    const property = fc.asyncProperty(calls(known), (call) => one(call, `fuzz-${(made += 1)}`));
    const own = seed + 1_000 * round + number;
    const result = await fc.check(property, { seed: own, numRuns: ROUND });
    if (!result.failed) return;
    const fault =
      result.errorInstance instanceof Error ? result.errorInstance.message : 'no call of this kind';
    throw new Error(`${fault}\n${fc.defaultReportMessage(result)}`);
  };
  try {
    for (let round = 0; performance.now() < end; round += 1) {
      const calling = Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number, round)));
      let over = false;
      const done = calling.finally(() => (over = true));
      done.catch(() => undefined);
      while (!over) {
        slowest = Math.max(slowest, await server.ping());
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await done;
      if (slowest > PING_MS) throw new Error(`/ping took ${slowest.toFixed(0)} ms`);
      const idle = await until(async () => {
        const metrics = await (await fetch(`${server.url}/metrics`)).text();
        return /^reranker_queue_tokens 0$/m.test(metrics) && (await handlesOf(pid!)) <= handles + 2;
      });
      if (!idle)
        throw new Error(`${await handlesOf(pid!)} files are open after all calls, ${handles} before them`);
      memory.push((await usageBelow(process.pid))!.residentMib);
      const mib = memory.at(-1)!.toFixed(0);
      process.stderr.write(`# ${made} calls, slowest ping ${slowest.toFixed(0)} ms, ${mib} MiB\n`);
    }
    const settled = memory[Math.floor(memory.length / 10)]!;
    const growth = memory.at(-1)! / settled - 1;
    process.stdout.write(
      `${made} calls by ${CALLERS} callers, no fault; slowest ping ${slowest.toFixed(0)} ms; ` +
        `resident memory ${(100 * growth).toFixed(1)} % over that after the first tenth\n`,
    );
    if (minutes >= 5 && growth > MOST_GROWTH) throw new Error('the memory grows');
  } finally {
    await server.stop();
  }
}

new Command('fuzz')
  .description(
    'Calls a container with every kind of body, type and conduct; ends at the first fault, made small.',
  )
  .option('--minutes <number>', 'how long', Number, 5)
  .option('--seed <number>', 'of the calls: the same ones again', Number, Date.now() % 1_000_000)
  .action(({ minutes, seed }: { minutes: number; seed: number }) => {
    if (!(minutes > 0) || !Number.isInteger(seed))
      throw new Error('--minutes is over 0, --seed a whole number');
    process.stderr.write(`# seed ${seed}\n`);
    return fuzz(minutes, seed);
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
