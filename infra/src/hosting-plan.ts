import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { ModelFigures } from '@sagemaker-reranker/cost';
import { Faults } from './configuration-error.js';
import type {
  AsynchronousHosting,
  Hosting,
  InferenceComponentsHosting,
  MultiModelHosting,
  RealTimeHosting,
  ServerlessHosting,
} from './hosting.js';
import { instanceType, type CpuArchitecture, type InstanceType } from './instance-types.js';
import { checkNetwork } from './network.js';
import { checkFleetScaling } from './scaling.js';
import { greatestCount, scalingTargets, type ScalingTargets } from './scaling-targets.js';
import {
  INITIAL_INSTANCES,
  neededMib,
  queueTokens,
  recommendedInstanceType,
  requireRoom,
  SERVERLESS_CONCURRENCY,
  serverlessMemoryMb,
} from './sizing.js';
import { workerEnvironment, workerSettings } from './sizing-workers.js';
import { checkTrafficShift } from './traffic-shift.js';

/** What a hosting mode decides about the resources of an endpoint. */
export interface HostingPlan {
  readonly architecture: CpuArchitecture;
  /** Absent for serverless. */
  readonly instance?: InstanceType;
  readonly networkIsolation: boolean;
  /** Environment of the container that the mode implies. */
  readonly environment: Readonly<Record<string, string>>;
  readonly productionVariant: Omit<CfnEndpointConfig.ProductionVariantProperty, 'variantName' | 'modelName'>;
  /** Values to hold by scaling: of the slowest model, for an instance or, with inference components, for a copy. */
  readonly targets?: ScalingTargets;
  /** Greatest number of instances, where they scale. */
  readonly maxInstanceCount?: number;
  /** What a copy reserves, with inference components, and how many of each model there are at most. */
  readonly copy?: {
    readonly vcpus: number;
    readonly memoryMib: readonly number[];
    readonly maxCopyCount: readonly number[];
  };
}

/** Ten minutes each for download and first healthy answer; the default of 8 for the latter is the whole of it. */
const START_TIMEOUTS = {
  containerStartupHealthCheckTimeoutInSeconds: 600,
  modelDataDownloadTimeoutInSeconds: 600,
};
const ROUTING = { routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } };
/** Serverless endpoints take 4 MB a request. */
export const SERVERLESS_PAYLOAD_BYTES = 4 * 1024 * 1024;
/** Asynchronous requests may take an hour, and wait within the container behind others. */
const ASYNCHRONOUS_DEADLINE_MS = 15 * 60 * 1000;

/**
 * Settings of the production variant for a hosting mode.
 * @throws ConfigurationError naming every setting that is out of range or cannot hold the models.
 */
export function planHosting(hosting: Hosting, models: readonly ModelFigures[]): HostingPlan {
  switch (hosting.mode) {
    case 'serverless':
      return planServerless(hosting, models);
    case 'asynchronous':
      return planAsynchronous(hosting, models);
    case 'inference-components':
      return planComponents(hosting, models);
    default:
      return planFleet(hosting, models);
  }
}

function planFleet(
  hosting: RealTimeHosting | MultiModelHosting,
  models: readonly ModelFigures[],
): HostingPlan {
  const faults = new Faults();
  const { scaling } = hosting;
  const { instance, targets, common } = instancePlan(hosting, models, faults, scaling?.tokensPerRequest);
  faults.integer('hosting.initialInstanceCount', hosting.initialInstanceCount, 1, 1000);
  const initial = hosting.initialInstanceCount ?? scaling?.minInstanceCount ?? INITIAL_INSTANCES;
  const max =
    scaling?.maxInstanceCount ??
    Math.max(initial, most(models, instance, { tokensPerRequest: scaling?.tokensPerRequest }));
  if (scaling) checkFleetScaling(scaling, { initial, max }, instance, faults);
  checkTrafficShift(hosting.trafficShift, faults);
  if (hosting.mode === 'real-time') {
    faults.integer('hosting.dataCapture.samplingPercentage', hosting.dataCapture?.samplingPercentage, 1, 100);
  }
  faults.throwIfAny('hosting');
  return {
    ...common!,
    targets,
    ...(scaling && { maxInstanceCount: max }),
    productionVariant: {
      instanceType: instance!.name,
      initialInstanceCount: initial,
      initialVariantWeight: 1,
      ...ROUTING,
      ...START_TIMEOUTS,
    },
  };
}

function planAsynchronous(hosting: AsynchronousHosting, models: readonly ModelFigures[]): HostingPlan {
  const faults = new Faults();
  const { instance, targets, common } = instancePlan(hosting, models, faults);
  const min = hosting.minInstanceCount ?? 0;
  const max = hosting.maxInstanceCount ?? Math.max(min, most(models, instance));
  checkBounds('InstanceCount', min, max, faults);
  faults.require(
    instance === undefined || !instance.burstable,
    `hosting.instanceType ${instance?.name} is burstable, which Application Auto Scaling refuses`,
  );
  faults.integer(
    'hosting.maxConcurrentInvocationsPerInstance',
    hosting.maxConcurrentInvocationsPerInstance,
    1,
    1000,
  );
  faults.integer('hosting.backlogPerInstance', hosting.backlogPerInstance, 1, 1_000_000);
  faults.throwIfAny('hosting');
  return {
    ...common!,
    targets,
    maxInstanceCount: max,
    environment: { ...common!.environment, RERANKER_DEADLINE_MS: String(ASYNCHRONOUS_DEADLINE_MS) },
    productionVariant: {
      instanceType: instance!.name,
      initialInstanceCount: Math.max(INITIAL_INSTANCES, hosting.minInstanceCount ?? 0),
      initialVariantWeight: 1,
      ...START_TIMEOUTS,
    },
  };
}

function planComponents(hosting: InferenceComponentsHosting, models: readonly ModelFigures[]): HostingPlan {
  const faults = new Faults();
  const { instance, common } = instancePlan(hosting, models, faults);
  const min = hosting.minInstanceCount ?? 0;
  const max = hosting.maxInstanceCount ?? Math.max(min, most(models, instance));
  checkBounds('InstanceCount', min, max, faults);
  faults.integer('hosting.concurrencyPerCopy', hosting.concurrencyPerCopy, 1, 1000);
  const vcpus = hosting.vcpusPerCopy ?? (instance?.vcpus ?? 2) / 2;
  faults.require(
    vcpus >= 0.25 && (instance === undefined || vcpus <= instance.vcpus),
    `hosting.vcpusPerCopy is ${vcpus}; it must be from 0.25 to the ${instance?.vcpus} vCPUs of ${instance?.name}`,
  );
  const share = instance && vcpus > 0 ? vcpus / instance.vcpus : 1;
  const minCopies = hosting.minCopyCount ?? 0;
  const maxCopyCount = models.map(
    (model) => hosting.maxCopyCount ?? Math.max(minCopies, most([model], instance, { share })),
  );
  checkBounds('CopyCount', minCopies, Math.max(...maxCopyCount), faults);
  faults.throwIfAny('hosting');
  // Of the model that leaves room for fewest: the setting is one for all copies.
  const settings = models
    .map((model) => workerSettings([model], instance!, { share, workers: hosting.workers }))
    .reduce((least, each) => (each.workers < least.workers ? each : least));
  return {
    ...common!,
    // A container sees the vCPUs of the whole instance; a copy must not use more than it reserves.
    environment: {
      ...common!.environment,
      ...tokenBudget(queueTokens(hosting.mode, models, { instance: instance! }, share)),
      ...workerEnvironment(settings),
    },
    targets: slowest(models, instance!, { share }),
    maxInstanceCount: max,
    copy: {
      vcpus,
      memoryMib: models.map((model) => neededMib([model], settings.workers)),
      maxCopyCount,
    },
    productionVariant: {
      instanceType: instance!.name,
      // Created with one and left to managed scaling: the models need somewhere to be placed first.
      initialInstanceCount: Math.max(INITIAL_INSTANCES, hosting.minInstanceCount ?? 0),
      managedInstanceScaling: {
        status: 'ENABLED',
        minInstanceCount: min,
        maxInstanceCount: max,
      },
      ...ROUTING,
      ...START_TIMEOUTS,
    },
  };
}

function planServerless(hosting: ServerlessHosting, models: readonly ModelFigures[]): HostingPlan {
  const faults = new Faults();
  const [model] = models as [ModelFigures];
  const memory = hosting.memorySizeInMb ?? faults.collect(() => serverlessMemoryMb(model));
  if (memory !== undefined) faults.collect(() => requireRoom({ serverlessMb: memory }, [model]));
  const maxConcurrency = hosting.maxConcurrency ?? SERVERLESS_CONCURRENCY;
  faults.integer('hosting.maxConcurrency', maxConcurrency, 1, 200);
  faults.integer('hosting.provisionedConcurrency', hosting.provisionedConcurrency, 1, maxConcurrency);
  faults.throwIfAny('hosting');
  return {
    // Serverless runs on x86-64 alone, and refuses network isolation.
    architecture: 'x86_64',
    networkIsolation: false,
    environment: {
      ...tokenBudget(queueTokens('serverless', models, { serverlessMb: memory! })),
      // Memory is for one; its threads are the vCPUs it finds, which AWS does not publish.
      RERANKER_WORKERS: '1',
      RERANKER_MAX_BODY_BYTES: String(SERVERLESS_PAYLOAD_BYTES),
    },
    productionVariant: {
      serverlessConfig: {
        memorySizeInMb: memory!,
        maxConcurrency,
        provisionedConcurrency: hosting.provisionedConcurrency,
      },
    },
  };
}

interface InstancePlan {
  readonly instance?: InstanceType;
  readonly targets?: ScalingTargets;
  readonly common?: Pick<HostingPlan, 'architecture' | 'instance' | 'networkIsolation' | 'environment'>;
}

function instancePlan(
  hosting: Exclude<Hosting, ServerlessHosting>,
  models: readonly ModelFigures[],
  faults: Faults,
  tokensPerRequest?: number,
): InstancePlan {
  // Several models on one fleet: the type of the one that asks for most.
  const recommended = () =>
    models
      .map((model) => instanceType(recommendedInstanceType(model.variant)))
      .reduce((most, type) => (type.vcpus > most.vcpus ? type : most));
  const instance = faults.collect(() =>
    hosting.instanceType === undefined ? recommended() : instanceType(hosting.instanceType),
  );
  faults.integer('hosting.workers', hosting.workers, 1, 64);
  faults.integer('hosting.scaling.tokensPerRequest', tokensPerRequest, 1, 10_000_000);
  checkNetwork(hosting.network, faults);
  if (!instance) return {};
  const placed = hosting.mode === 'inference-components' ? models.map((model) => [model]) : [models];
  for (const together of placed) faults.collect(() => requireRoom({ instance }, together, hosting.workers));
  return {
    instance,
    targets: slowest(models, instance, { tokensPerRequest }),
    common: {
      architecture: instance.architecture,
      instance,
      networkIsolation: hosting.networkIsolation ?? true,
      environment: {
        ...tokenBudget(queueTokens(hosting.mode, models, { instance })),
        ...workerEnvironment(workerSettings(models, instance, { workers: hosting.workers })),
      },
    },
  };
}

function slowest(
  models: readonly ModelFigures[],
  instance: InstanceType,
  load: { readonly share?: number; readonly tokensPerRequest?: number },
): ScalingTargets {
  return models
    .map((model) => scalingTargets(model, { instance }, load))
    .reduce((least, targets) =>
      targets.invocationsPerMinute < least.invocationsPerMinute ? targets : least,
    );
}

/** Greatest count of the model that needs most; the least there is where the type is not known. */
function most(
  models: readonly ModelFigures[],
  instance: InstanceType | undefined,
  load?: { readonly share?: number; readonly tokensPerRequest?: number },
): number {
  return instance ? Math.max(...models.map((model) => greatestCount(model, { instance }, load))) : 2;
}

function tokenBudget(tokens: number): Record<string, string> {
  return { RERANKER_QUEUE_TOKENS: String(tokens) };
}

function checkBounds(what: string, min: number, max: number, faults: Faults): void {
  faults.integer(`hosting.max${what}`, max, 1, 1000);
  faults.integer(`hosting.min${what}`, min, 0, max);
}
