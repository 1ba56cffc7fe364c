import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  type Measurement,
  checkModel,
  predictQueriesPerSecond,
  readMeasurements,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';
import { packageRoot } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import type { Suite } from './suite.js';

const run = promisify(execFile);
const CLI = path.join(packageRoot(__dirname), '..', 'cli', 'dist', 'main.js');
const REPEATS = 5;
/** Seconds of each step of the measurement. */
const DURATION = 5;

export const cost: Suite = {
  summary: 'the comparison’s time, and its model against a measurement made here; 3 minutes',
  async run(report, note) {
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-cost-'));
    try {
      report({
        name: 'compare over all types and modes, the whole command',
        value: await compareSeconds(directory),
        unit: 's',
        target: { atMost: 1 },
      });
      note('measuring tiny int8 here');
      const m = await measureHere(directory);
      for (const { utilisation, error } of checkModel([m]).latency) {
        report({
          name: `error of p95 at ${Math.round(100 * utilisation)} % of capacity`,
          value: Math.abs(error),
          unit: 'x',
          // Below saturation by a margin: above, the length of the step decides what is measured.
          target: utilisation <= 0.88 ? { atMost: 0.25 } : undefined,
        });
      }
      report({
        name: 'error of throughput of 1 document a query, fitted without it',
        value: Math.abs(oneDocumentError(m)),
        unit: 'x',
        target: { atMost: 0.2 },
      });
      const processors = checkModel([...shippedMeasurements(), m]).processors;
      report({
        name: `estimates from other processors within their interval, of ${processors.length}`,
        value: processors.filter(({ within }) => within).length / processors.length,
        unit: 'x',
        target: { atLeast: 0.9 },
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

async function compareSeconds(cache: string): Promise<number> {
  const args = 'cost compare --variant tiny --queries-per-second 2 --documents 50 --tokens 100 --p95 1500ms';
  const seconds: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    const started = performance.now();
    await run(process.execPath, [CLI, ...args.split(' ')], {
      env: { ...process.env, XDG_CACHE_HOME: cache },
      maxBuffer: 2 ** 26,
    });
    seconds.push((performance.now() - started) / 1000);
  }
  return seconds.sort((a, b) => a - b)[REPEATS >> 1]!;
}

async function measureHere(directory: string): Promise<Measurement> {
  const model = path.join(directory, 'tiny-int8');
  await synthesizeModel({ model: 'tiny', precision: 'int8', seed: 1, out: model });
  const options = `--machine here --concurrency 4,16 --loads 0.6,0.7,0.8,0.85 --documents 25,1,5 --duration ${DURATION}`;
  const file = path.join(directory, 'here.json');
  await run(process.execPath, [
    ...[CLI, 'cost', 'measure', ...options.split(' ')],
    ...['--model', model, '--out', file],
  ]);
  return readMeasurements(file)[0]!;
}

/** Predicted ÷ measured - 1 at the highest concurrency, by a fit that knows the other sizes alone. */
function oneDocumentError(m: Measurement): number {
  const one = m.sizes!.find(({ documentsPerQuery }) => documentsPerQuery === 1)!;
  const others = { ...m, sizes: m.sizes!.filter((size) => size !== one) };
  const { concurrency, requestsPerSecond } = one.closed.at(-1)!;
  return predictQueriesPerSecond(others, 1, concurrency) / requestsPerSecond - 1;
}
