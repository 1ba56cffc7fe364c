import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ClientReranker, HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import {
  type Collection,
  type FirstStage,
  bm25FirstStage,
  evaluate,
  formatHtml,
  rank,
  readBeir,
  reportJson,
} from '@sagemaker-reranker/evaluation';
import {
  type ScoreRequest,
  createEngine,
  createLogger,
  resolveSettings,
} from '@sagemaker-reranker/container';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { writeCollection } from './evaluation-collection.js';
import { median, medianRatio, sideBySide } from './side-by-side.js';
import type { Suite } from './suite.js';

const ROUNDS = 5;
const TOP_K = 100;
/** Queries of the untimed round. */
const WARM_UP = 8;
const CONCURRENCY = 4;
const COLLECTION = 'RERANKER_BENCH_COLLECTION';

/**
 * A whole evaluation against the engine's own time for the same pairs. Each round takes another fifth of the queries,
 * so that the rounds together are the whole collection, and pays in full for reading it, for its index and the report.
 */
export const evaluation: Suite = {
  summary:
    'reading, BM25, client, container and report over 225 queries x 100 documents, against the engine alone; 2.5 minutes',
  async run(report, note) {
    const scratch = await mkdtemp(path.join(tmpdir(), 'bench-evaluation-'));
    const given = process.env[COLLECTION];
    const directory = given ?? scratch;
    if (given === undefined) await writeCollection(directory, 1);
    note(`collection: ${given ?? `synthetic; ${COLLECTION} names another in BEIR layout`}`);
    const whole = await readBeir(directory);
    const firstStage = await bm25FirstStage(whole);
    const settings = resolveSettings({ modelDir: embeddedModelDirectory() }, {});
    const engine = await createEngine(settings, createLogger('silent'));
    const endpoint = await startLocalEndpoint({ port: 0, modelDirectory: settings.modelDir });
    const client = new RerankerClient({ transport: new HttpTransport({ url: endpoint.containerUrl }) });
    const parts = Array.from({ length: ROUNDS }, (_, part) => queriesOf(whole, part));
    const warmUp = queriesOf(whole, 0, Math.ceil(whole.queries.size / WARM_UP));
    const turns = { engine: turn(warmUp, parts), evaluation: turn(warmUp, parts) };
    try {
      const times = await sideBySide(
        {
          engine: () => inFlight(pairsOf(turns.engine(), firstStage, whole), (pairs) => engine.score(pairs)),
          evaluation: async () => {
            const { queries, qrels } = turns.evaluation();
            const collection: Collection = { ...(await readBeir(directory)), queries, qrels };
            const first = await bm25FirstStage(collection);
            const results = await evaluate(collection, [first], [new ClientReranker('embedded', client)], {
              topK: TOP_K,
              concurrency: CONCURRENCY,
            });
            reportJson(results);
            formatHtml(results[0]!);
          },
        },
        ROUNDS,
      );
      note(
        `a round: engine ${median(times.engine).toFixed(0)} ms, evaluation ${median(times.evaluation).toFixed(0)} ms`,
      );
      report({
        name: `evaluation over the engine alone, ${whole.queries.size} queries x ${TOP_K} documents`,
        value: medianRatio(times.evaluation, times.engine),
        unit: 'x',
        target: { atMost: 1.15 },
      });
      const queries = median(parts.map(({ queries: part }) => part.size));
      report({
        name: 'evaluation, wall clock a query',
        value: median(times.evaluation) / queries,
        unit: 'ms',
      });
      report({ name: 'engine alone, wall clock a query', value: median(times.engine) / queries, unit: 'ms' });
    } finally {
      client.close();
      await Promise.all([engine.close(), endpoint.close(), rm(scratch, { recursive: true, force: true })]);
    }
  },
};

/** Every `step`-th query, from the one at `part`. */
function queriesOf(
  { queries, qrels }: Collection,
  part: number,
  step = ROUNDS,
): Pick<Collection, 'queries' | 'qrels'> {
  const kept = new Map([...queries].filter((_, i) => i % step === part));
  return { queries: kept, qrels: new Map([...qrels].filter(([id]) => kept.has(id))) };
}

/** The parts one after the other; before them, for the untimed round, a few queries are enough. */
function turn<T>(warmUp: T, parts: readonly T[]): () => T {
  const rest = [warmUp, ...parts].values();
  return () => rest.next().value!;
}

/** What the engine is asked for a part: every query with its top documents. */
function pairsOf(
  { queries }: Pick<Collection, 'queries'>,
  { run }: FirstStage,
  whole: Collection,
): ScoreRequest[] {
  return [...queries].map(([id, query]) => ({
    query,
    documents: rank(run.get(id) ?? [])
      .slice(0, TOP_K)
      .map((document) => whole.documents.get(document)!.text),
  }));
}

/** Works through the items, `CONCURRENCY` at a time. */
async function inFlight<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
