import type { ModelFigures } from '@sagemaker-reranker/models';
import { planHosting, type Hosting, type HostingMode } from '../hosting/hosting.js';
import { RerankerModel } from '../model/reranker-model.js';
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
  const plan = planHosting(withScaling(mode), [new SizedModel(model)]);
  const [{ container, instance, productionVariant, scaling }] = plan.variants;
  const { initialInstanceCount, serverlessConfig, managedInstanceScaling } = productionVariant;
  const common = {
    queueTokens: container.queueTokens!,
    workers: container.workers,
    memoryMib: neededMib([model], container.workers),
  };
  if (serverlessConfig && 'memorySizeInMb' in serverlessConfig) {
    const { memorySizeInMb, maxConcurrency } = serverlessConfig;
    return { ...common, place: { serverlessMb: memorySizeInMb }, initialCount: 0, maxCount: maxConcurrency };
  }
  const managed =
    managedInstanceScaling && 'maxInstanceCount' in managedInstanceScaling
      ? managedInstanceScaling
      : undefined;
  return {
    ...common,
    place: { instanceType: instance!.name },
    initialCount: initialInstanceCount!,
    maxCount: scaling?.max ?? managed!.maxInstanceCount!,
    threads: container.threads,
    maxCopyCount: plan.components?.maxCopyCount[0],
  };
}

function withScaling(mode: HostingMode): Hosting {
  return mode === 'real-time' || mode === 'multi-model' ? { mode, scaling: {} } : { mode };
}

/** A model of which nothing but its figures is known: enough to size it, not to deploy it. */
export class SizedModel extends RerankerModel {
  override readonly local = true;
  override readonly directory = undefined;
  override readonly compressed = true;

  constructor(override readonly figures: ModelFigures) {
    super();
  }

  override bind(): never {
    throw new Error('a model of figures alone cannot be deployed');
  }
}
