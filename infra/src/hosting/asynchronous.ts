import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { Faults } from '../common/configuration-error.js';
import {
  cpuAlarm,
  latencyAlarm,
  latencyGraph,
  machineGraph,
  memoryAlarm,
  trafficGraph,
  workGraph,
} from '../monitoring/metrics.js';
import { INITIAL_INSTANCES } from '../sizing/sizing.js';
import { trafficShiftOf } from './fleet.js';
import {
  checkBounds,
  INSTANCE_KEYS,
  INSTANCE_SETTINGS,
  instancesPlan,
  instanceVariant,
  mostInstances,
  START_TIMEOUTS,
} from './instances.js';
import type { Mode } from './plan.js';
import type { AsynchronousExchange, Cooldowns, InstanceSettings, TrafficShift } from './settings.js';

/** Requests queued through S3, answered to S3; the fleet may shrink to nothing. */
export interface AsynchronousHosting extends InstanceSettings, AsynchronousExchange {
  readonly mode: 'asynchronous';
  /**
   * Greatest number of instances.
   * @default what holds a request of 100 passages a second at 70 % of the measured throughput, at least 2
   */
  readonly maxInstanceCount?: number;
  /**
   * Least number of instances; 0 costs nothing while there is nothing to do, and waits for a start when there is again.
   * As many as `maxInstanceCount`: the fleet keeps its size and is not scaled, as a change of instance type asks for.
   * @default 0
   */
  readonly minInstanceCount?: number;
  /**
   * Waiting requests an instance that is worth another instance.
   * @default what an instance clears in a minute, from the variant's throughput
   */
  readonly backlogPerInstance?: number;
  /**
   * Cooldowns.
   * @default 5 minutes in, 1 minute out
   */
  readonly cooldowns?: Cooldowns;
  /**
   * Traffic shift on updates.
   * @default canary of 10 per cent; all at once where the fleet starts with one instance
   */
  readonly trafficShift?: TrafficShift;
}

/** Asynchronous requests may take an hour, and wait within the container behind others. */
const WAIT_SECONDS = 15 * 60;
const failures = ['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationFailures'];

export const asynchronous: Mode<AsynchronousHosting> = {
  suffix: 'async',
  manyModels: false,
  call: ({ inputLocation }) => ({ inputLocation }),
  // https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html, which says that there are no others.
  published: [
    'Invocation4XXErrors',
    'Invocation5XXErrors',
    'ModelLatency',
    'RequestDownloadFailures',
    'ResponseUploadFailures',
    'NotificationFailures',
    'RequestDownloadLatency',
    'ResponseUploadLatency',
    'ExpiredRequests',
    'InvocationFailures',
    'TimeInBacklog',
    'TotalProcessingTime',
  ],
  settings: {
    ...INSTANCE_SETTINGS,
    maxConcurrentInvocationsPerInstance: true,
    bucket: true,
    encryptionKey: true,
    successTopic: true,
    errorTopic: true,
    maxInstanceCount: true,
    minInstanceCount: true,
    backlogPerInstance: true,
    cooldowns: true,
    trafficShift: true,
  },
  contextKeys: [...INSTANCE_KEYS, 'minInstanceCount', 'maxInstanceCount'],

  alarms: (metrics, limits) => [
    {
      id: 'ServerErrors',
      // Requests are not published: each has a latency, so its samples count them.
      metric: new MathExpression({
        expression: '100 * failures / MAX([requests, failures])',
        usingMetrics: {
          failures: metrics.invocations('Invocation5XXErrors', { statistic: 'Sum' }),
          requests: metrics.invocations('ModelLatency', { statistic: 'SampleCount' }),
        },
        label: 'Invocation5XXErrors in % of requests',
        period: Duration.minutes(1),
      }),
      threshold: limits.errorPercentage,
      minutes: 3,
      meaning: 'of the requests fail with a 5xx status',
      rollsBack: true,
    },
    { ...latencyAlarm(metrics, limits) },
    cpuAlarm(metrics, limits),
    memoryAlarm(metrics),
    {
      id: 'OldestRequest',
      metric: metrics.queue('ApproximateAgeOfOldestRequest', { statistic: 'Maximum' }),
      threshold: 900,
      minutes: 5,
      meaning: 'seconds the oldest request has waited',
      rollsBack: false,
    },
    {
      id: 'FailedRequests',
      metric: metrics.invocations('InvocationFailures', { statistic: 'Sum' }),
      threshold: 1,
      minutes: 1,
      meaning: 'requests failed; their reports lie below failure/',
      rollsBack: false,
    },
  ],

  graphs: (metrics, limits) => [
    trafficGraph(
      metrics,
      [metrics.invocations('ModelLatency', { statistic: 'SampleCount', label: 'requests' })],
      failures,
    ),
    latencyGraph(metrics, ['ModelLatency', 'TimeInBacklog']),
    workGraph(metrics),
    machineGraph(metrics, limits),
    {
      title: 'Backlog, and the age of its oldest request in s',
      left: [metrics.queue('ApproximateBacklogSize', { statistic: 'Maximum' })],
      right: [metrics.queue('ApproximateAgeOfOldestRequest', { statistic: 'Maximum' })],
    },
  ],

  fromContext: (context) => ({
    mode: 'asynchronous',
    ...context.instances(),
    ...context.bounds('InstanceCount'),
  }),

  place: (hosting, { network, key }) => ({ ...hosting, network, volumeKey: key, encryptionKey: key }),

  plan(hosting, models) {
    const faults = new Faults();
    const variant = instanceVariant(hosting, [models], WAIT_SECONDS, {}, faults);
    const min = hosting.minInstanceCount ?? 0;
    const max = hosting.maxInstanceCount ?? Math.max(min, mostInstances(models, variant?.instance));
    checkBounds('InstanceCount', min, max, faults);
    const scaled = min < max;
    faults.require(
      !scaled || variant?.instance?.burstable !== true,
      `hosting.instanceType ${variant?.instance?.name} is burstable, which Application Auto Scaling refuses: take another, or as many instances at least as at most`,
    );
    const { maxConcurrentInvocationsPerInstance, backlogPerInstance } = hosting;
    faults.integer(
      'hosting.maxConcurrentInvocationsPerInstance',
      maxConcurrentInvocationsPerInstance,
      1,
      1000,
    );
    faults.integer('hosting.backlogPerInstance', backlogPerInstance, 1, 1_000_000);
    const fleet = variant && {
      ...variant,
      container: { ...variant.container, deadlineMs: 1000 * WAIT_SECONDS },
      scaling: scaled
        ? ({
            by: 'backlog',
            min,
            max,
            target: backlogPerInstance ?? variant.targets!.invocationsPerMinute,
            cooldowns: hosting.cooldowns ?? {},
          } as const)
        : undefined,
      productionVariant: {
        instanceType: variant.instance!.name,
        initialInstanceCount: Math.max(INITIAL_INSTANCES, min),
        initialVariantWeight: 1,
        ...START_TIMEOUTS,
      },
    };
    const trafficShift = trafficShiftOf(hosting.trafficShift, fleet, faults);
    faults.throwIfAny('hosting');
    return {
      ...instancesPlan(hosting),
      modelData: 'own',
      variants: [fleet!],
      exchange: hosting,
      trafficShift,
      scraped: false,
    };
  },
};
