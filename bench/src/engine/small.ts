import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, medianRatio } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { Corpus } from './corpus.js';
import { benchModel } from './models.js';
import { BenchServer } from './server.js';
import { SocketCaller } from './socket-caller.js';

const ROUNDS = 40;
/** Before those: a server that has answered nothing yet still compiles. */
const WARM_UP = 100;
/** Milliseconds between requests: nobody waits, and what was warm has cooled. */
const APART_MS = 60;
const IDLE_SECONDS = 10;
/** Clock ticks a second in /proc, on every Linux of today (proc(5)). */
const TICKS = 100;

/** Servers side by side, by their flags. */
const SERVERS = {
  'as by default': [],
  'one process': ['--workers', '1'],
  'one process that spins': ['--workers', '1', '--spin', '1'],
} as const;
type Name = keyof typeof SERVERS;
const NAMES = Object.keys(SERVERS) as Name[];
const DEFAULT: Name = 'as by default';

const perServer = (): Record<Name, number[]> =>
  Object.fromEntries(NAMES.map((name) => [name, [] as number[]])) as Record<Name, number[]>;

/** Milliseconds of a call, and of that the model's own, which the answer's Server-Timing says. */
async function timed(caller: SocketCaller, body: string): Promise<{ total: number; model: number }> {
  const { ms, head } = await caller.post('/invocations', body);
  return { total: ms, model: Number(/model;dur=([\d.]+)/.exec(head)?.[1]) };
}

/** Seconds of processor time that a server's processes have taken. */
async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8')));
  return stats.reduce((sum, stat) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS;
  }, 0);
}

async function run(report: Report, note: (line: string) => void): Promise<void> {
  const corpus = new Corpus();
  const model = await benchModel('tiny', 'fp32');
  const servers = {} as Record<Name, BenchServer>;
  const callers = {} as Record<Name, SocketCaller>;
  for (const name of NAMES) {
    servers[name] = await BenchServer.container(model, undefined, SERVERS[name]);
    callers[name] = await SocketCaller.open(servers[name].port);
  }
  try {
    for (const count of [1, 10, 100]) {
      const request = JSON.stringify(await corpus.request(count, '85'));
      const totals = perServer();
      const around = perServer();
      const rounds = count === 100 ? 5 : ROUNDS;
      const warmUp = count === 1 ? WARM_UP : 2;
      for (let round = -warmUp; round < rounds; round += 1) {
        for (const name of NAMES) {
          const { total, model: own } = await timed(callers[name], request);
          if (round >= 0) {
            totals[name].push(total);
            around[name].push(total - own);
          }
          if (round >= -2) await sleep(APART_MS);
        }
      }
      const what = `1 x ${count} of 60 words, ${APART_MS} ms apart`;
      for (const name of NAMES) {
        report({ name: `${what}, ${name}: median`, value: median(totals[name]), unit: 'ms' });
        // Of batches side by side the model's time is more than it takes.
        if (count > 1) continue;
        report({
          name: `${what}, ${name}: over the model's own time`,
          value: median(around[name]),
          unit: 'ms',
          target: name === DEFAULT ? { atMost: 2 } : undefined,
        });
      }
      for (const name of NAMES.filter((each) => each !== DEFAULT)) {
        const value = medianRatio(totals[name], totals[DEFAULT]);
        report({ name: `${what}: ${name} over the default`, value, unit: 'x' });
      }
    }
    for (const name of NAMES) {
      const pids = await servers[name].pids();
      const before = await cpuSeconds(pids);
      await sleep(1_000 * IDLE_SECONDS);
      const share = (100 * ((await cpuSeconds(pids)) - before)) / IDLE_SECONDS;
      note(`${name}: ${pids.length} processes`);
      report({
        name: `an idle server, ${name}: of a core`,
        value: share,
        unit: '%',
        target: { atMost: 0.5 },
      });
    }
  } finally {
    for (const caller of Object.values(callers)) caller.close();
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  }
}

export const engineSmall: Suite = {
  summary:
    'small requests on an idle machine by processes and threads; what is around the model; an idle server (2 min; Linux)',
  run,
};
