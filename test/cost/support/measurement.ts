import type { Measurement } from '@sagemaker-reranker/cost';
import { variantFigures } from '@sagemaker-reranker/models';

/** A measurement in the shape that `reranker cost measure` writes, of a machine that is no instance type. */
export function measurement(changes: Partial<Measurement> = {}): Measurement {
  return {
    format: 2,
    date: '2026-11-20T10:00:00.000Z',
    version: '0.1.0',
    command: 'reranker cost measure --variant tiny',
    machine: {
      name: 'bench-2',
      processor: 'Xeon',
      architecture: 'x86_64',
      vcpus: 2,
      memoryMib: 8192,
      instructionSets: ['avx2', 'avx512f', 'avx512_vnni'],
    },
    instanceType: null,
    region: null,
    hosting: 'container',
    model: variantFigures('tiny', 'int8'),
    software: { node: '20', onnxruntime: '1.30' },
    traffic: {
      documentsPerQuery: 100,
      queryTokens: 8,
      documentTokens: [{ tokens: 75, share: 1 }],
      meanPairTokens: 83,
      seed: 7,
    },
    saturation: {
      pairsPerSecond: 200,
      tokensPerSecond: 16_600,
      cpuSecondsPer1kTokens: 0.118,
      cpuSecondsPerPair: 0.0098,
    },
    alone: { meanMs: 520, p50Ms: 515, p95Ms: 560, p99Ms: 600, squaredVariation: 0.01 },
    closed: [],
    open: [],
    memory: { idleMib: 270, peakMib: 370 },
    knee: null,
    startSeconds: 0.8,
    ...changes,
  };
}

/** int8 and fp32 of tiny on one machine. */
export const MEASUREMENTS: readonly Measurement[] = [
  measurement(),
  measurement({
    model: variantFigures('tiny', 'fp32'),
    saturation: {
      pairsPerSecond: 90,
      tokensPerSecond: 7_470,
      cpuSecondsPer1kTokens: 0.26,
      cpuSecondsPerPair: 0.022,
    },
    alone: { meanMs: 1150, p50Ms: 1140, p95Ms: 1250, p99Ms: 1300, squaredVariation: 0.01 },
  }),
];
