import { Duration, Stack } from 'aws-cdk-lib';
import {
  AdjustmentType,
  PredefinedMetric,
  ScalableTarget,
  ServiceNamespace,
} from 'aws-cdk-lib/aws-applicationautoscaling';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Faults } from './configuration-error.js';
import type { Cooldowns, FleetScaling } from './hosting-settings.js';
import type { InstanceType } from './instance-types.js';
import type { ScalingTargets } from './scaling-targets.js';

/** Names what is wrong with the bounds and targets of a fleet. */
export function checkFleetScaling(
  scaling: FleetScaling,
  { initial, max }: { readonly initial: number; readonly max: number },
  instance: InstanceType | undefined,
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
    instance === undefined || !instance.burstable,
    `hosting.scaling does not work on ${instance?.name}: burstable types cannot be registered with Application Auto Scaling`,
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

/** Where instances are counted: the variant of an endpoint. */
export interface FleetTarget {
  /** Name as an attribute of the endpoint resource, so that it exists first. */
  readonly endpointName: string;
  readonly variantName: string;
}

/** Holds concurrency or invocations of a fleet at their target, within bounds that may change by schedule. */
export function scaleFleet(
  scope: Construct,
  fleet: FleetTarget,
  scaling: FleetScaling,
  bounds: { readonly min: number; readonly max: number; readonly targets: ScalingTargets },
): ScalableTarget {
  const target = instanceCount(scope, fleet, scaling.minInstanceCount ?? bounds.min, bounds.max);
  const concurrency = (scaling.metric ?? 'concurrency') === 'concurrency';
  target.scaleToTrackMetric(concurrency ? 'Concurrency' : 'Invocations', {
    predefinedMetric: concurrency
      ? PredefinedMetric.SAGEMAKER_VARIANT_CONCURRENT_REQUESTS_PER_MODEL_HIGH_RESOLUTION
      : PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
    targetValue:
      scaling.target ?? (concurrency ? bounds.targets.concurrency : bounds.targets.invocationsPerMinute),
    ...cooldowns(scaling),
  });
  for (const [name, scheduled] of Object.entries(scaling.schedule ?? {})) {
    target.scaleOnSchedule(name, scheduled);
  }
  return target;
}

/** Follows the backlog of an asynchronous endpoint, down to nothing, and wakes it for the first request. */
export function scaleBacklog(
  scope: Construct,
  fleet: FleetTarget,
  settings: { readonly min: number; readonly max: number; readonly backlogPerInstance: number } & {
    readonly cooldowns?: Cooldowns;
  },
): ScalableTarget {
  const target = instanceCount(scope, fleet, settings.min, settings.max);
  const metric = (metricName: string) =>
    new Metric({
      namespace: 'AWS/SageMaker',
      metricName,
      dimensionsMap: { EndpointName: fleet.endpointName },
      statistic: 'Average',
      period: Duration.minutes(1),
    });
  target.scaleToTrackMetric('Backlog', {
    customMetric: metric('ApproximateBacklogSizePerInstance'),
    targetValue: settings.backlogPerInstance,
    ...cooldowns(settings.cooldowns),
  });
  // Per instance there is no backlog while there is no instance: this metric says that somebody waits all the same.
  if (settings.min === 0) wake(target, metric('HasBacklogWithoutCapacity'));
  return target;
}

/** Holds the requests in flight on each copy of an inference component, down to no copy, and wakes it for the first call. */
export function scaleCopies(
  scope: Construct,
  componentName: string,
  settings: {
    readonly min: number;
    readonly max: number;
    readonly concurrencyPerCopy: number;
    readonly cooldowns?: Cooldowns;
  },
): ScalableTarget {
  const target = new ScalableTarget(scope, 'CopyCount', {
    serviceNamespace: ServiceNamespace.SAGEMAKER,
    scalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
    resourceId: `inference-component/${componentName}`,
    minCapacity: settings.min,
    maxCapacity: settings.max,
    role: serviceRole(scope),
  });
  target.scaleToTrackMetric('Concurrency', {
    predefinedMetric:
      PredefinedMetric.SAGEMAKER_INFERENCE_COMPONENT_CONCURRENT_REQUESTS_PER_COPY_HIGH_RESOLUTION,
    targetValue: settings.concurrencyPerCopy,
    ...cooldowns(settings.cooldowns),
  });
  if (settings.min === 0) {
    wake(
      target,
      new Metric({
        namespace: 'AWS/SageMaker',
        metricName: 'NoCapacityInvocationFailures',
        dimensionsMap: { InferenceComponentName: componentName },
        statistic: 'Maximum',
        period: Duration.seconds(30),
      }),
    );
  }
  return target;
}

function instanceCount(scope: Construct, fleet: FleetTarget, min: number, max: number): ScalableTarget {
  return new ScalableTarget(scope, 'InstanceCount', {
    serviceNamespace: ServiceNamespace.SAGEMAKER,
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    resourceId: `endpoint/${fleet.endpointName}/variant/${fleet.variantName}`,
    minCapacity: min,
    maxCapacity: max,
    role: serviceRole(scope),
  });
}

/** From nothing to one as soon as the metric is 1. */
function wake(target: ScalableTarget, metric: Metric): void {
  target.scaleOnMetric('Wake', {
    metric,
    adjustmentType: AdjustmentType.CHANGE_IN_CAPACITY,
    scalingSteps: [
      { upper: 1, change: 0 },
      { lower: 1, change: 1 },
    ],
    cooldown: Duration.minutes(5),
  });
}

function cooldowns(given: Cooldowns = {}) {
  return {
    scaleInCooldown: given.scaleInCooldown ?? Duration.minutes(5),
    scaleOutCooldown: given.scaleOutCooldown ?? Duration.minutes(1),
  };
}

/** The service-linked role that Application Auto Scaling makes for itself in every account. */
function serviceRole(scope: Construct) {
  const arn = Stack.of(scope).formatArn({
    service: 'iam',
    region: '',
    resource: 'role',
    resourceName:
      'aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint',
  });
  return Role.fromRoleArn(scope, 'ScalingRole', arn, { mutable: false });
}
