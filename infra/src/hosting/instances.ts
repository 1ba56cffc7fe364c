import { MOST_PROCESSES, type ModelFigures } from '@sagemaker-reranker/models';
import type { Faults } from '../common/configuration-error.js';
import type { RerankerModel } from '../model/reranker-model.js';
import { checkNetwork } from '../network/network.js';
import { checkVolumeKey, instanceType, type InstanceType } from '../sizing/instance-types.js';
import { greatestCount, scalingTargets, type Load, type ScalingTargets } from '../sizing/scaling-targets.js';
import { queueTokens, recommendedInstanceType, requireRoom } from '../sizing/sizing.js';
import { workerSettings } from '../sizing/workers.js';
import { PRODUCTION_VARIANT, type HostingPlan, type VariantPlan } from './plan.js';
import type { InstanceSettings } from './settings.js';

/** What modes on instances have in common. */

/** Keys of the context that all modes on instances know. */
export const INSTANCE_KEYS = ['instanceType', 'workers', 'isolatedNetwork', 'ownKey'];

/** Settings that all modes on instances know. */
export const INSTANCE_SETTINGS = {
  instanceType: true,
  workers: true,
  networkIsolation: true,
  network: true,
  volumeKey: true,
} as const;

/** 10 minutes to download the model, and 10 minutes from there to the first healthy answer; SageMaker's default is 8. */
export const START_TIMEOUTS = {
  containerStartupHealthCheckTimeoutInSeconds: 600,
  modelDataDownloadTimeoutInSeconds: 600,
};
export const LEAST_OUTSTANDING = { routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' } };
/** Longest a response stream may take, s. */
export const STREAM_SECONDS = 480;

/** The settings of the plan that all instances share. */
export function instancesPlan(
  hosting: InstanceSettings,
): Pick<HostingPlan, 'networkIsolation' | 'network' | 'volumeKey'> {
  return {
    networkIsolation: hosting.networkIsolation ?? true,
    network: hosting.network,
    volumeKey: hosting.volumeKey,
  };
}

/** Names what is wrong with settings that need no model to be judged. */
export function checkInstances({ workers, network }: InstanceSettings, faults: Faults): void {
  faults.integer('hosting.workers', workers, 1, MOST_PROCESSES);
  checkNetwork(network, faults);
}

/**
 * A variant on instances: type, container, and the values to hold by scaling.
 * @param placed Models that share a container: all of them, or each alone with inference components.
 * @param waitSeconds Time after which nobody waits for an answer.
 */
export function instanceVariant(
  hosting: InstanceSettings,
  placed: readonly (readonly RerankerModel[])[],
  waitSeconds: number,
  load: Load,
  faults: Faults,
): VariantPlan | undefined {
  const models = placed.flat();
  const figures = models.map((model) => model.figures);
  const instance = faults.collect(() =>
    hosting.instanceType === undefined ? recommended(figures) : instanceType(hosting.instanceType),
  );
  checkInstances(hosting, faults);
  if (!instance || models.length === 0) return undefined;
  checkVolumeKey('hosting.volumeKey (ownKey)', hosting.volumeKey, instance, faults);
  for (const together of placed) {
    faults.collect(() =>
      requireRoom(
        { instance },
        together.map((model) => model.figures),
        hosting.workers,
      ),
    );
  }
  return {
    name: PRODUCTION_VARIANT,
    models,
    architecture: instance.architecture,
    instance,
    container: {
      queueTokens: queueTokens(waitSeconds, figures, { instance }),
      ...workerSettings(figures, instance, { workers: hosting.workers }),
    },
    productionVariant: {},
    targets: slowest(figures, instance, load),
  };
}

/** The type of the model that asks for most: several share a fleet. */
function recommended(figures: readonly ModelFigures[]): InstanceType {
  return figures
    .map((model) => instanceType(recommendedInstanceType(model)))
    .reduce((most, type) => (type.vcpus > most.vcpus ? type : most));
}

/** Scaling targets of the model that is scored slowest. */
export function slowest(
  figures: readonly ModelFigures[],
  instance: InstanceType,
  load: Load,
): ScalingTargets {
  return figures
    .map((model) => scalingTargets(model, { instance }, load))
    .reduce((least, targets) =>
      targets.invocationsPerMinute < least.invocationsPerMinute ? targets : least,
    );
}

/** Greatest count of the model that needs most; the least there is where the type is not known. */
export function mostInstances(
  models: readonly RerankerModel[],
  instance: InstanceType | undefined,
  load: Load = {},
): number {
  if (!instance) return 2;
  return Math.max(...models.map(({ figures }) => greatestCount(figures, { instance }, load)));
}

/** Names what is wrong with the least and greatest number of something that may shrink to nothing. */
export function checkBounds(what: string, min: number, max: number, faults: Faults): void {
  faults.integer(`hosting.max${what}`, max, 1, 1000);
  faults.integer(`hosting.min${what}`, min, 0, max);
}
