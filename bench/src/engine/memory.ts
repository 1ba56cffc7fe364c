import { usageBelow } from '@sagemaker-reranker/cost/measure';
import type { VariantId } from '@sagemaker-reranker/models';
import { median } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { Corpus, type Request } from './corpus.js';
import { benchModel } from './models.js';
import { BenchServer, sendAll } from './server.js';

const TENTHS = 10;
const STARTS = 5;

async function resident(): Promise<number> {
  const usage = await usageBelow(process.pid);
  if (usage === null) throw new Error('this system does not tell the memory of processes');
  return usage.residentMib;
}

/** MiB of all processes of the server, idle and after each tenth of the requests. */
async function grow(
  model: string,
  requests: readonly Request[],
): Promise<{ idle: number; tenths: number[]; startMs: number }> {
  const server = await BenchServer.container(model);
  try {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const idle = await resident();
    const tenths: number[] = [];
    for (let tenth = 0; tenth < TENTHS; tenth += 1) {
      const part = requests.slice(
        (tenth * requests.length) / TENTHS,
        ((tenth + 1) * requests.length) / TENTHS,
      );
      await sendAll(server, part, 16);
      tenths.push(await resident());
    }
    return { idle, tenths, startMs: server.startMs };
  } finally {
    await server.stop();
  }
}

async function run(report: Report, note: (line: string) => void): Promise<void> {
  const corpus = new Corpus();
  const requests: Request[] = [];
  for (let i = 0; i < 1_000; i += 1) requests.push(await corpus.request(10, 'mix'));
  const measured = async (id: VariantId, precision: 'fp32' | 'int8', count: number) => {
    note(`${id} ${precision}: ${count} requests of 10 documents`);
    return grow(await benchModel(id, precision), requests.slice(0, count));
  };
  for (const id of ['tiny', 'turbo'] as const) {
    const { idle, tenths } = await measured(id, 'int8', 1_000);
    const most = tenths.reduce((a, b) => Math.max(a, b), 0);
    report({ name: `${id} int8, idle, all processes`, value: idle, unit: 'MiB', target: { atMost: 350 } });
    report({ name: `${id} int8, saturated`, value: most, unit: 'MiB', target: { atMost: 600 } });
    report({
      name: `${id} int8, last tenth of 1,000 requests over the second`,
      value: tenths[TENTHS - 1]! / tenths[1]!,
      unit: 'x',
      target: { atMost: 1.03 },
    });
  }
  const saturated: Record<string, number> = {};
  for (const id of ['base', 'turbo', 'tiny'] as const) {
    const { idle, tenths } = await measured(id, 'fp32', 40);
    saturated[id] = tenths[TENTHS - 1]!;
    report({ name: `${id} fp32, idle`, value: idle, unit: 'MiB' });
    report({ name: `${id} fp32, saturated`, value: saturated[id], unit: 'MiB' });
  }
  const less = (a: string, b: string): number => 100 * (1 - saturated[a]! / saturated[b]!);
  report({
    name: 'turbo fp32 needs less than base (published: 75 %)',
    value: less('turbo', 'base'),
    unit: '%',
  });
  report({
    name: 'tiny fp32 needs less than turbo (published: 13 %)',
    value: less('tiny', 'turbo'),
    unit: '%',
  });

  const starts: number[] = [];
  for (let i = 0; i < STARTS; i += 1) {
    const server = await BenchServer.container(await benchModel('tiny', 'int8'));
    starts.push(server.startMs);
    await server.stop();
  }
  const value = median(starts);
  report({
    name: 'tiny int8, process start to first healthy ping',
    value,
    unit: 'ms',
    target: { atMost: 1_500 },
  });
}

export const engineMemory: Suite = {
  summary: 'resident memory of all processes, idle and saturated, and the cold start (5 min)',
  run,
};
