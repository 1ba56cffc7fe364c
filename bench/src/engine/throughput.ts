import path from 'node:path';
import { type Engine, createEngine, createLogger, resolveSettings } from '@sagemaker-reranker/container';
import { median, medianRatio, sideBySide } from '../side-by-side.js';
import type { Report, Suite } from '../suite.js';
import { Corpus, type Request } from './corpus.js';
import { benchModel, exportedModel } from './models.js';
import { BenchServer, sendAll } from './server.js';
import { loadTransformers } from './transformers.js';

/** `median:p90:longest` in tokens. */
const MIXES = { mixed: 'mix', equal: '96', short: '24:60:128', long: '150:400:1000' } as const;
const BATCHES = [1, 8, 32, 100] as const;
const CALLERS = 16;
const ROUNDS = 5;

async function withEngine<T>(modelDir: string, use: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await createEngine(resolveSettings({ modelDir }), createLogger('silent'));
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

async function againstTransformers(report: Report, note: (line: string) => void): Promise<void> {
  const corpus = new Corpus();
  const modelDir = await benchModel('tiny', 'fp32');
  const theirs = await loadTransformers(await exportedModel());
  note(theirs.versions);
  const int8 = await benchModel('tiny', 'int8');
  await withEngine(modelDir, (ours) =>
    withEngine(int8, async (oursInt8) => {
      for (const [name, mix] of Object.entries(MIXES)) {
        const request = await corpus.request(100, mix);
        const times = await sideBySide(
          {
            ours: () => ours.score(request),
            int8: () => oursInt8.score(request),
            ...Object.fromEntries(BATCHES.map((batch) => [`${batch}`, () => theirs.score(request, batch)])),
          } as Record<'ours' | 'int8' | `${(typeof BATCHES)[number]}`, () => Promise<unknown>>,
          ROUNDS,
        );
        for (const batch of BATCHES) {
          const ratio = medianRatio(times[`${batch}`], times.ours);
          report({ name: `${name}: over transformers.js in batches of ${batch}`, value: ratio, unit: 'x' });
        }
        const best = BATCHES.reduce((a, b) => (median(times[`${b}`]) < median(times[`${a}`]) ? b : a));
        report({
          name: `${name}: over transformers.js at its best batch size (${best})`,
          value: medianRatio(times[`${best}`], times.ours),
          unit: 'x',
          target: name === 'equal' ? { atLeast: 1 } : undefined,
        });
        const int8Ratio = medianRatio(times[`${best}`], times.int8);
        report({ name: `${name}: int8 over transformers.js fp32 at its best`, value: int8Ratio, unit: 'x' });
      }
    }),
  );
  await theirs.close();
}

async function againstPlainServer(report: Report): Promise<void> {
  const corpus = new Corpus();
  const modelDir = await benchModel('tiny', 'fp32');
  const requests: Request[] = [];
  for (let i = 0; i < CALLERS; i += 1) requests.push(await corpus.request(20, 'mix'));
  const ours = await BenchServer.container(modelDir);
  const plain = await BenchServer.start([path.join(__dirname, 'plain-server.js'), await exportedModel()]);
  const alone = await corpus.request(100, 'mix');
  const beside = async (name: string, send: (server: BenchServer) => Promise<unknown>): Promise<void> => {
    const times = await sideBySide({ ours: () => send(ours), plain: () => send(plain) }, ROUNDS);
    const value = medianRatio(times.plain, times.ours);
    report({ name: `over a plain server, ${name}`, value, unit: 'x', target: { atLeast: 2.5 } });
  };
  try {
    await beside('1 x 100, mixed', (server) => server.rerank(alone));
    await beside('16 callers of 20 documents, mixed', (server) => sendAll(server, requests, CALLERS));
  } finally {
    await Promise.all([ours.stop(), plain.stop()]);
  }
}

async function overheads(report: Report): Promise<void> {
  const corpus = new Corpus();
  const modelDir = await benchModel('tiny', 'int8');
  const request = await corpus.request(100, 'mix');
  const server = await BenchServer.container(modelDir);
  await withEngine(modelDir, async (engine) => {
    const around: number[] = [];
    const { http, direct } = await sideBySide(
      {
        http: () => server.rerank(request),
        direct: async () => {
          const started = performance.now();
          const before = engine.modelMs;
          await engine.score(request);
          const total = performance.now() - started;
          // Processes run side by side: one that waits for the other is around the model, too.
          around.push(100 * (1 - (engine.modelMs - before) / engine.workers.ready / total));
        },
      },
      15,
    );
    report({
      name: 'end to end through HTTP over the engine in process, 100 documents',
      value: 100 * (medianRatio(http, direct) - 1),
      unit: '%',
      target: { atMost: 5 },
    });
    report({
      name: 'tokenization, planning, assembly and transport, of the whole',
      value: median(around),
      unit: '%',
      target: { atMost: 5 },
    });
  }).finally(() => server.stop());
}

async function variants(report: Report): Promise<void> {
  const request = await new Corpus().request(50, 'mix');
  const [base, turbo, tiny] = await Promise.all(
    (['base', 'turbo', 'tiny'] as const).map((id) => benchModel(id, 'fp32')),
  );
  await withEngine(base!, (b) =>
    withEngine(turbo!, (t) =>
      withEngine(tiny!, async (s) => {
        const times = await sideBySide(
          { base: () => b.score(request), turbo: () => t.score(request), tiny: () => s.score(request) },
          ROUNDS,
        );
        const claim = (name: string, value: number): void => report({ name, value, unit: 'x' });
        claim('turbo over base, fp32 (published: up to 3)', medianRatio(times.base, times.turbo));
        claim('tiny over base, fp32 (published: almost 5)', medianRatio(times.base, times.tiny));
      }),
    ),
  );
}

export const engineThroughput: Suite = {
  summary:
    'the engine beside transformers.js, a plain server, itself in process, and between variants (5 min)',
  async run(report, note) {
    await againstPlainServer(report);
    await overheads(report);
    await againstTransformers(report, note);
    await variants(report);
  },
};
