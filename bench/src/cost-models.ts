import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HttpTransport } from '@sagemaker-reranker/client';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { type Measurement, estimatedTokensPerCpuSecond, tokensPerCpuSecond } from '@sagemaker-reranker/cost';
import {
  clientTarget,
  describeMachine,
  generateTraffic,
  measure,
  parseLengthMix,
  usageBelow,
} from '@sagemaker-reranker/cost/measure';
import { PairEncoder } from '@sagemaker-reranker/inference';
import {
  type Architecture,
  directoryFigures,
  packageVersion,
  readManifest,
  specialTokens,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';
import type { Suite } from './suite.js';

const VOCABULARY = 28_000;
const of = (layers: number, hidden: number, heads: number, intermediate: number) => ({
  ...{ layers, hidden, heads, intermediate },
  ...{ vocabulary: VOCABULARY, positions: 512 },
});

/** What the estimates are calibrated on: a model of one structure. */
const CALIBRATION: Architecture = { ...of(4, 384, 12, 1536), structure: 'jinabert' };
/** Sizes that the costs of cost/model/work.ts were not fitted to. */
const OTHERS: readonly Architecture[] = [
  { ...of(5, 320, 10, 1280), structure: 'jinabert' },
  { ...of(5, 512, 8, 2048), structure: 'bert' },
  { ...of(4, 640, 10, 2560), structure: 'roberta', offset: 2 },
  { ...of(10, 320, 5, 1280), structure: 'electra', embedding: 128 },
  {
    ...of(9, 512, 8, 768),
    ...{ structure: 'modernbert', pooling: 'mean' },
    rotary: { globalTheta: 160_000, localTheta: 10_000, window: 64, every: 3 },
  },
  {
    ...of(5, 448, 7, 1792),
    structure: 'deberta',
    relative: {
      ...{ span: 256, buckets: true, most: 512, contentToPosition: true, positionToContent: true },
      ...{ shared: true, norm: true },
    },
  },
];
const SECONDS = 2;

export const costModels: Suite = {
  summary: 'what is estimated for models that were never measured, beside their measurement here; 3 minutes',
  async run(report, note) {
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-cost-models-'));
    try {
      for (const precision of ['fp32', 'int8'] as const) {
        const made = async (architecture: Architecture): Promise<string> => {
          const out = path.join(directory, `${architecture.structure}-${architecture.hidden}-${precision}`);
          await synthesizeModel({ model: architecture, precision, seed: 1, maxLength: 512, out });
          return out;
        };
        const calibration = await made(CALIBRATION);
        for (const architecture of OTHERS) {
          note(`measuring ${architecture.structure} ${precision}`);
          const own = await made(architecture);
          // Side by side: what else runs on the machine changes by the minute.
          const known = await measureHere(calibration);
          const m = await measureHere(own);
          await rm(own, { recursive: true });
          report({
            name: `${architecture.structure} ${precision}: error of tokens a CPU second, from a JinaBERT of another size`,
            value: Math.abs(estimatedTokensPerCpuSecond(m, [known]) / tokensPerCpuSecond(m) - 1),
            unit: 'x',
            target: { atMost: 0.25 },
          });
        }
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  },
};

/** Queries of 20 documents of the measured mix, alone and four at a time. */
async function measureHere(directory: string): Promise<Measurement> {
  const { pair_template: template, max_length: longestPair, tokenizer } = await readManifest(directory);
  const special = specialTokens(template);
  const encoder = new PairEncoder(path.join(directory, tokenizer.path), template, Infinity);
  const traffic = await generateTraffic(
    { documents: 20, tokens: parseLengthMix('mix'), queryTokens: 12, queries: 24, seed: 7 },
    {
      count: async (text) => (await encoder.encode({ query: '', document: text })).length - special,
      special,
      longestPair,
    },
  );
  const local = await startLocalEndpoint({ port: 0, modelDirectory: directory });
  const target = clientTarget(new HttpTransport({ url: local.containerUrl }), 60_000);
  try {
    return await measure({
      target,
      traffic,
      subject: {
        command: 'npm run bench -- cost-models',
        version: packageVersion().version,
        machine: describeMachine('here', { vcpus: 2, memoryBytes: 2 ** 33 }),
        instanceType: null,
        region: null,
        hosting: 'container',
        model: await directoryFigures(directory),
        software: null,
        startSeconds: null,
      },
      concurrency: [4],
      mostConcurrency: 4,
      loads: [],
      seconds: SECONDS,
      usage: () => usageBelow(process.pid),
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
  } finally {
    target.close();
    await local.close();
  }
}
