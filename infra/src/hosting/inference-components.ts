import { Faults } from '../common/configuration-error.js';
import { instanceAlarms, instanceGraphs } from '../monitoring/metrics.js';
import { INITIAL_INSTANCES, neededMib, queueTokens } from '../sizing/sizing.js';
import { workerSettings } from '../sizing/workers.js';
import { componentName } from '../endpoint/component-name.js';
import { REAL_TIME_METRICS } from './fleet.js';
import {
  checkBounds,
  INSTANCE_KEYS,
  INSTANCE_SETTINGS,
  instancesPlan,
  instanceVariant,
  LEAST_OUTSTANDING,
  mostInstances,
  slowest,
  START_TIMEOUTS,
  STREAM_SECONDS,
} from './instances.js';
import type { Mode } from './plan.js';
import type { Cooldowns, InstanceSettings } from './settings.js';

/** Copies of several models, placed on one fleet and scaled one by one, down to none. */
export interface InferenceComponentsHosting extends InstanceSettings {
  readonly mode: 'inference-components';
  /**
   * Least number of instances; with 0, calls fail for the minutes that the endpoint takes to wake.
   * @default 0
   */
  readonly minInstanceCount?: number;
  /**
   * Greatest number of instances.
   * @default what holds a request of 100 passages a second at 70 % of the measured throughput, at least 2
   */
  readonly maxInstanceCount?: number;
  /**
   * vCPUs of a copy, from 0.25.
   * @default half of an instance's
   */
  readonly vcpusPerCopy?: number;
  /**
   * Least number of copies of each model.
   * @default 0
   */
  readonly minCopyCount?: number;
  /**
   * Greatest number of copies of each model.
   * @default what holds a request of 100 passages a second at 70 % of the throughput on these vCPUs, at least 2
   */
  readonly maxCopyCount?: number;
  /**
   * Requests in flight on a copy, seen every 10 seconds, to hold.
   * @default from the variant's throughput on these vCPUs
   */
  readonly concurrencyPerCopy?: number;
  /**
   * Cooldowns.
   * @default 5 minutes in, 1 minute out
   */
  readonly cooldowns?: Cooldowns;
}

/**
 * Regions besides China and GovCloud whose CloudFormation lacked `AWS::SageMaker::InferenceComponent` in November 2026; one that is not
 * listed is taken to have it.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html
 */
const MISSING = [
  'af-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'eu-south-2',
  'eu-west-3',
  'il-central-1',
  'mx-central-1',
  'us-west-1',
];

export const inferenceComponents: Mode<InferenceComponentsHosting> = {
  suffix: 'components',
  manyModels: true,
  call: ({ endpointName, name }) => ({ inferenceComponent: componentName(endpointName, name) }),
  missingIn: (region) =>
    /^(cn|us-gov)-/.test(region) || MISSING.includes(region)
      ? `CloudFormation has no inference components in ${region}: take multi-model, which serves several models there`
      : undefined,
  published: REAL_TIME_METRICS,
  alarms: instanceAlarms,
  graphs: instanceGraphs,
  settings: {
    ...INSTANCE_SETTINGS,
    minInstanceCount: true,
    maxInstanceCount: true,
    vcpusPerCopy: true,
    minCopyCount: true,
    maxCopyCount: true,
    concurrencyPerCopy: true,
    cooldowns: true,
  },
  contextKeys: [
    ...INSTANCE_KEYS,
    'minInstanceCount',
    'maxInstanceCount',
    'minCopyCount',
    'maxCopyCount',
    'usdPerInstanceHour',
  ],

  fromContext: (context) => ({
    mode: 'inference-components',
    ...context.instances(),
    ...context.bounds('InstanceCount'),
    ...context.bounds('CopyCount'),
  }),

  place: (hosting, { network, key }) => ({ ...hosting, network, volumeKey: key }),

  plan(hosting, models) {
    const faults = new Faults();
    const figures = models.map((model) => model.figures);
    const variant = instanceVariant(
      hosting,
      models.map((model) => [model]),
      STREAM_SECONDS,
      {},
      faults,
    );
    const instance = variant?.instance;
    const min = hosting.minInstanceCount ?? 0;
    const max = hosting.maxInstanceCount ?? Math.max(min, mostInstances(models, instance));
    checkBounds('InstanceCount', min, max, faults);
    faults.integer('hosting.concurrencyPerCopy', hosting.concurrencyPerCopy, 1, 1000);
    const vcpus = hosting.vcpusPerCopy ?? (instance?.vcpus ?? 2) / 2;
    faults.require(
      vcpus >= 0.25 && (instance === undefined || vcpus <= instance.vcpus),
      `hosting.vcpusPerCopy is ${vcpus}; it must be from 0.25 to the ${instance?.vcpus} vCPUs of ${instance?.name}`,
    );
    const share = instance && vcpus > 0 ? vcpus / instance.vcpus : 1;
    const minCopyCount = hosting.minCopyCount ?? 0;
    const maxCopyCount = models.map(
      (model) => hosting.maxCopyCount ?? Math.max(minCopyCount, mostInstances([model], instance, { share })),
    );
    checkBounds('CopyCount', minCopyCount, Math.max(...maxCopyCount), faults);
    faults.throwIfAny('hosting');
    // Of the model that leaves room for fewest: the setting is one for all copies.
    const workers = figures
      .map((model) => workerSettings([model], instance!, { share, workers: hosting.workers }))
      .reduce((least, each) => (each.workers < least.workers ? each : least));
    return {
      ...instancesPlan(hosting),
      modelData: 'own',
      variants: [
        {
          ...variant!,
          // A container sees the vCPUs of the whole instance; a copy must not use more than it reserves.
          container: {
            queueTokens: queueTokens(STREAM_SECONDS, figures, { instance: instance! }, share),
            ...workers,
          },
          productionVariant: {
            instanceType: instance!.name,
            // Created with one and left to managed scaling: the models need somewhere to be placed first.
            initialInstanceCount: Math.max(INITIAL_INSTANCES, min),
            managedInstanceScaling: { status: 'ENABLED', minInstanceCount: min, maxInstanceCount: max },
            ...LEAST_OUTSTANDING,
            ...START_TIMEOUTS,
          },
        },
      ],
      components: {
        vcpus,
        memoryMib: figures.map((model) => neededMib([model], workers.workers)),
        minCopyCount,
        maxCopyCount,
        concurrencyPerCopy: hosting.concurrencyPerCopy ?? slowest(figures, instance!, { share }).concurrency,
        cooldowns: hosting.cooldowns ?? {},
      },
      scraped: true,
    };
  },
};
