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
import { EndpointMetrics } from '../monitoring/metrics.js';
import type { ScalingPlan } from './plan.js';
import type { Cooldowns } from './settings.js';

/** Where instances are counted: the variant of an endpoint. */
interface FleetTarget {
  /** Name as an attribute of the endpoint resource, so that it exists first. */
  readonly endpointName: string;
  readonly variantName: string;
}

/** Follows the load, or the backlog of an asynchronous endpoint: down to nothing, awake again for the first request. */
export function scaleInstances(scope: Construct, fleet: FleetTarget, plan: ScalingPlan): ScalableTarget {
  const target = new ScalableTarget(scope, 'InstanceCount', {
    serviceNamespace: ServiceNamespace.SAGEMAKER,
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    resourceId: `endpoint/${fleet.endpointName}/variant/${fleet.variantName}`,
    minCapacity: plan.min,
    maxCapacity: plan.max,
    role: serviceRole(scope),
  });
  if (plan.by === 'load') followLoad(target, plan);
  else followBacklog(target, fleet, plan);
  return target;
}

function followLoad(target: ScalableTarget, plan: Extract<ScalingPlan, { by: 'load' }>): void {
  const concurrency = plan.metric === 'concurrency';
  target.scaleToTrackMetric(concurrency ? 'Concurrency' : 'Invocations', {
    predefinedMetric: concurrency
      ? PredefinedMetric.SAGEMAKER_VARIANT_CONCURRENT_REQUESTS_PER_MODEL_HIGH_RESOLUTION
      : PredefinedMetric.SAGEMAKER_VARIANT_INVOCATIONS_PER_INSTANCE,
    targetValue: plan.target,
    ...cooldowns(plan.cooldowns),
  });
  for (const [name, scheduled] of Object.entries(plan.schedule)) target.scaleOnSchedule(name, scheduled);
}

function followBacklog(
  target: ScalableTarget,
  fleet: FleetTarget,
  plan: Extract<ScalingPlan, { by: 'backlog' }>,
): void {
  const metrics = new EndpointMetrics(fleet.endpointName, fleet.variantName);
  target.scaleToTrackMetric('Backlog', {
    customMetric: metrics.queue('ApproximateBacklogSizePerInstance', { statistic: 'Average' }),
    targetValue: plan.target,
    ...cooldowns(plan.cooldowns),
  });
  // Per instance there is no backlog while there is no instance: this metric says that somebody waits all the same.
  if (plan.min === 0) wake(target, metrics.queue('HasBacklogWithoutCapacity', { statistic: 'Average' }));
}

/** Holds the requests in flight on each copy of an inference component, down to no copy, and wakes it for the first call. */
export function scaleCopies(
  scope: Construct,
  componentName: string,
  settings: {
    readonly min: number;
    readonly max: number;
    readonly concurrencyPerCopy: number;
    readonly cooldowns: Cooldowns;
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

function cooldowns(given: Cooldowns) {
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
