import type { Faults } from '../common/configuration-error.js';
import type { RerankerModel } from '../model/reranker-model.js';
import { INITIAL_INSTANCES } from '../sizing/sizing.js';
import type { ContextReader } from '../stack/context-reader.js';
import {
  INSTANCE_KEYS,
  INSTANCE_SETTINGS,
  instanceVariant,
  LEAST_OUTSTANDING,
  mostInstances,
  START_TIMEOUTS,
  STREAM_SECONDS,
} from './instances.js';
import type { VariantPlan } from './plan.js';
import type { FleetScaling, FleetSettings, TrafficShift } from './settings.js';
import { checkTrafficShift } from './traffic-shift.js';

/**
 * Metrics of a variant whose endpoint answers at once, by EndpointName and VariantName.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
 */
export const REAL_TIME_METRICS = [
  'Invocations',
  'InvocationsPerInstance',
  'Invocation4XXErrors',
  'Invocation5XXErrors',
  'InvocationModelErrors',
  'ModelLatency',
  'OverheadLatency',
];

/** Keys of the context that always-on fleets know. */
export const FLEET_SETTINGS = {
  ...INSTANCE_SETTINGS,
  initialInstanceCount: true,
  scaling: true,
  trafficShift: true,
} as const;
export const FLEET_KEYS = [
  ...INSTANCE_KEYS,
  'initialInstanceCount',
  'minInstanceCount',
  'maxInstanceCount',
  'usdPerInstanceHour',
];

/** The settings of a fleet that the context names. */
export function fleetFromContext(context: ContextReader): FleetSettings {
  const { minInstanceCount, maxInstanceCount } = context.bounds('InstanceCount');
  context.faults.require(
    minInstanceCount === undefined || maxInstanceCount !== undefined,
    'minInstanceCount is given without maxInstanceCount: both make the fleet scale, neither keeps its size',
  );
  return {
    ...context.instances(),
    initialInstanceCount: context.number('initialInstanceCount'),
    scaling: maxInstanceCount === undefined ? undefined : { minInstanceCount, maxInstanceCount },
  };
}

/** A fleet that is always on, with its scaling. */
export function fleetVariant(
  fleet: FleetSettings,
  models: readonly RerankerModel[],
  weight: number,
  faults: Faults,
): VariantPlan | undefined {
  const { scaling } = fleet;
  faults.integer('hosting.scaling.tokensPerRequest', scaling?.tokensPerRequest, 1, 10_000_000);
  const load = { tokensPerRequest: scaling?.tokensPerRequest };
  const variant = instanceVariant(fleet, [models], STREAM_SECONDS, load, faults);
  faults.integer('hosting.initialInstanceCount', fleet.initialInstanceCount, 1, 1000);
  const initial = fleet.initialInstanceCount ?? scaling?.minInstanceCount ?? INITIAL_INSTANCES;
  const max = scaling?.maxInstanceCount ?? Math.max(initial, mostInstances(models, variant?.instance, load));
  if (scaling) checkScaling(scaling, { initial, max }, variant, faults);
  if (!variant) return undefined;
  const metric = scaling?.metric ?? 'concurrency';
  const targets = variant.targets!;
  return {
    ...variant,
    scaling: scaling && {
      by: 'load',
      min: scaling.minInstanceCount ?? initial,
      max,
      metric,
      target:
        scaling.target ?? (metric === 'concurrency' ? targets.concurrency : targets.invocationsPerMinute),
      cooldowns: scaling,
      schedule: scaling.schedule ?? {},
    },
    productionVariant: {
      instanceType: variant.instance!.name,
      initialInstanceCount: initial,
      initialVariantWeight: weight,
      ...LEAST_OUTSTANDING,
      ...START_TIMEOUTS,
    },
  };
}

/**
 * The traffic shift that was asked for, else the default: a canary of 10 %, or all at once where the fleet is of one
 * instance. SageMaker takes a first part of at most half of the instances, and one has no half.
 */
export function trafficShiftOf(
  asked: TrafficShift | undefined,
  variant: VariantPlan | undefined,
  faults: Faults,
): TrafficShift {
  const instances = variant?.productionVariant.initialInstanceCount ?? 2;
  checkTrafficShift(asked, instances, faults);
  return asked ?? { strategy: instances > 1 ? 'canary' : 'all-at-once' };
}

/** Names what is wrong with the bounds and targets of a fleet. */
function checkScaling(
  scaling: FleetScaling,
  { initial, max }: { readonly initial: number; readonly max: number },
  variant: VariantPlan | undefined,
  faults: Faults,
): void {
  const { minInstanceCount: min = initial } = scaling;
  faults.integer('hosting.scaling.maxInstanceCount', max, 1, 1000);
  faults.require(
    Number.isInteger(min) && min >= 1 && min <= max,
    `hosting.scaling.minInstanceCount is ${min}; it must be a whole number from 1 to maxInstanceCount, ${max}: a real-time fleet cannot shrink to nothing, asynchronous and inference-components can`,
  );
  faults.require(
    initial >= min && initial <= max,
    `hosting.initialInstanceCount is ${initial}; it must lie within the scaling bounds ${min} to ${max}`,
  );
  faults.require(
    scaling.target === undefined || scaling.target > 0,
    `hosting.scaling.target is ${scaling.target}; it must be more than 0`,
  );
  faults.require(
    variant?.instance?.burstable !== true,
    `hosting.scaling does not work on ${variant?.instance?.name}: burstable types cannot be registered with Application Auto Scaling`,
  );
  for (const [name, bounds] of Object.entries(scaling.schedule ?? {})) {
    const { minCapacity, maxCapacity } = bounds;
    faults.require(
      minCapacity !== undefined || maxCapacity !== undefined,
      `hosting.scaling.schedule.${name} changes neither minCapacity nor maxCapacity`,
    );
    faults.integer(`hosting.scaling.schedule.${name}.maxCapacity`, maxCapacity, 1, 1000);
    faults.integer(`hosting.scaling.schedule.${name}.minCapacity`, minCapacity, 1, maxCapacity ?? 1000);
  }
}
