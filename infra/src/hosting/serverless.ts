import { SERVERLESS_MEMORY_MB, type ServerlessMemoryMb } from '@sagemaker-reranker/cost';
import { Faults } from '../common/configuration-error.js';
import {
  failureShare,
  latencyAlarm,
  latencyGraph,
  memoryAlarm,
  trafficGraph,
  waitingGraph,
  workGraph,
} from '../monitoring/metrics.js';
import type { RerankerModel } from '../model/reranker-model.js';
import { queueTokens, requireRoom, SERVERLESS_CONCURRENCY, serverlessMemoryMb } from '../sizing/sizing.js';
import { PRODUCTION_VARIANT, type Mode } from './plan.js';

/** Capacity that AWS starts on demand and bills by the millisecond. */
export interface ServerlessHosting {
  readonly mode: 'serverless';
  /**
   * Memory in MB; vCPUs grow with it.
   * @default the least that holds the variant
   */
  readonly memorySizeInMb?: ServerlessMemoryMb;
  /**
   * Requests served at once, 1..200, each by a container of its own.
   * @default 5
   */
  readonly maxConcurrency?: number;
  /**
   * Containers kept warm, 1..maxConcurrency.
   * @default none: the first request after a pause waits for a start
   */
  readonly provisionedConcurrency?: number;
}

/** Serverless endpoints take 4 MB a request. */
const PAYLOAD_BYTES = 4 * 1024 * 1024;
/** A serverless call waits at most a minute. */
const WAIT_SECONDS = 60;

export const serverless: Mode<ServerlessHosting> = {
  suffix: 'serverless',
  manyModels: false,
  call: () => ({ payloadLimitBytes: PAYLOAD_BYTES }),
  // https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html
  published: [
    'Invocations',
    'Invocation4XXErrors',
    'Invocation5XXErrors',
    'ModelLatency',
    'OverheadLatency',
    'ModelSetupTime',
    'ServerlessConcurrentExecutionsUtilization',
  ],
  settings: { memorySizeInMb: true, maxConcurrency: true, provisionedConcurrency: true },
  contextKeys: ['memorySizeInMb', 'maxConcurrency', 'provisionedConcurrency'],

  alarms: (metrics, limits) => [
    failureShare(
      'ServerErrors',
      metrics,
      'Invocation5XXErrors',
      limits,
      'of the requests fail with a 5xx status',
    ),
    latencyAlarm(metrics, limits),
    {
      id: 'Concurrency',
      metric: metrics.invocations('ServerlessConcurrentExecutionsUtilization', { statistic: 'Maximum' }),
      threshold: 1,
      minutes: 3,
      meaning: 'of maxConcurrency is in use: further requests are refused with 429; raise it',
      rollsBack: false,
    },
    memoryAlarm(metrics),
  ],

  graphs: (metrics) => [
    trafficGraph(
      metrics,
      [metrics.invocations('Invocations', { statistic: 'Sum' })],
      ['Invocation4XXErrors', 'Invocation5XXErrors'],
    ),
    latencyGraph(metrics, ['ModelLatency', 'OverheadLatency', 'ModelSetupTime']),
    workGraph(metrics),
    { title: 'Memory in %', left: [metrics.instances('MemoryUtilization', { statistic: 'Maximum' })] },
    waitingGraph(metrics),
    {
      title: 'Requests at once, as a part of maxConcurrency',
      left: [metrics.invocations('ServerlessConcurrentExecutionsUtilization', { statistic: 'Maximum' })],
    },
  ],

  fromContext(context) {
    const memory = context.number('memorySizeInMb');
    context.faults.require(
      memory === undefined || SERVERLESS_MEMORY_MB.includes(memory as ServerlessMemoryMb),
      `memorySizeInMb is ${memory}; it must be one of ${SERVERLESS_MEMORY_MB.join(', ')}`,
    );
    return {
      mode: 'serverless',
      memorySizeInMb: memory as ServerlessMemoryMb | undefined,
      maxConcurrency: context.number('maxConcurrency'),
      provisionedConcurrency: context.number('provisionedConcurrency'),
    };
  },

  place: (hosting) => hosting,

  plan(hosting, models) {
    const faults = new Faults();
    const [model] = models as readonly [RerankerModel];
    const { figures } = model;
    const memorySizeInMb =
      hosting.memorySizeInMb ?? faults.collect(() => serverlessMemoryMb(figures)) ?? 6144;
    faults.collect(() => requireRoom({ serverlessMb: memorySizeInMb }, [figures]));
    const maxConcurrency = hosting.maxConcurrency ?? SERVERLESS_CONCURRENCY;
    faults.integer('hosting.maxConcurrency', maxConcurrency, 1, 200);
    faults.integer('hosting.provisionedConcurrency', hosting.provisionedConcurrency, 1, maxConcurrency);
    faults.require(
      model.compressed,
      'hosting: SageMaker refuses uncompressed model data with serverless; give a model.tar.gz (RerankerModel.fromBucket or fromDirectory)',
    );
    faults.throwIfAny('hosting');
    return {
      // Serverless runs on x86-64 alone, and refuses network isolation.
      networkIsolation: false,
      modelData: 'own',
      variants: [
        {
          name: PRODUCTION_VARIANT,
          models,
          architecture: 'x86_64',
          container: {
            queueTokens: queueTokens(WAIT_SECONDS, [figures], { serverlessMb: memorySizeInMb }),
            // Memory is for one; its threads are the vCPUs it finds, which AWS does not publish.
            workers: 1,
            maxBodyBytes: PAYLOAD_BYTES,
          },
          productionVariant: {
            serverlessConfig: {
              memorySizeInMb,
              maxConcurrency,
              provisionedConcurrency: hosting.provisionedConcurrency,
            },
          },
        },
      ],
      scraped: false,
    };
  },
};
