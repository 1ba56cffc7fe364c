import type { ModelFigures } from '@sagemaker-reranker/cost';
import type { Hosting, HostingMode } from './hosting.js';
import { planHosting } from './hosting-plan.js';
import { neededMib } from './sizing.js';

/** What a model is hosted with in a mode unless told otherwise. */
export interface Sizing {
  /** Where it runs: an instance type, or the memory of a serverless endpoint in MB. */
  readonly place: { readonly instanceType: string } | { readonly serverlessMb: number };
  /** Instances it starts with, and the greatest number; of serverless, containers at once. */
  readonly initialCount: number;
  readonly maxCount: number;
  /** Copies at most, with inference components. */
  readonly maxCopyCount?: number;
  /** MiB that the container needs. */
  readonly memoryMib: number;
  /** Tokens that a container admits at once: `RERANKER_QUEUE_TOKENS`. */
  readonly queueTokens: number;
  /** Inference processes of a container. */
  readonly workers: number;
  /** Threads of each; with serverless, the vCPUs that it finds. */
  readonly threads?: number;
}

/**
 * The whole sizing of a model in a hosting mode, from the figures of cost/measurements: what an endpoint that names no
 * size is deployed with, scaling included.
 */
export function sizing(mode: HostingMode, model: ModelFigures): Sizing {
  const plan = planHosting(withScaling(mode), [model]);
  const { instanceType, initialInstanceCount, serverlessConfig } = plan.productionVariant;
  const setting = (name: string): number => Number(plan.environment[name]);
  const common = {
    queueTokens: setting('RERANKER_QUEUE_TOKENS'),
    workers: setting('RERANKER_WORKERS'),
    memoryMib: neededMib([model], setting('RERANKER_WORKERS')),
  };
  if (serverlessConfig && 'memorySizeInMb' in serverlessConfig) {
    const { memorySizeInMb, maxConcurrency } = serverlessConfig;
    return { ...common, place: { serverlessMb: memorySizeInMb }, initialCount: 0, maxCount: maxConcurrency };
  }
  return {
    ...common,
    place: { instanceType: instanceType! },
    initialCount: initialInstanceCount!,
    maxCount: plan.maxInstanceCount!,
    threads: setting('RERANKER_THREADS'),
    ...(plan.copy && { maxCopyCount: plan.copy.maxCopyCount[0]! }),
  };
}

function withScaling(mode: HostingMode): Hosting {
  return mode === 'real-time' || mode === 'multi-model' ? { mode, scaling: {} } : { mode };
}
