import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { ServerlessMemoryMb } from '@sagemaker-reranker/cost';
import type {
  Cooldowns,
  DataCapture,
  FleetScaling,
  InstanceSettings,
  TrafficShift,
} from './hosting-settings.js';

/** An always-on fleet of instances behind the endpoint. */
export interface RealTimeHosting extends InstanceSettings {
  readonly mode: 'real-time';
  /**
   * Instances the endpoint starts with.
   * @default 1, for every variant; see INITIAL_INSTANCES in sizing.ts
   */
  readonly initialInstanceCount?: number;
  /**
   * Automatic scaling.
   * @default none: the fleet keeps its size
   */
  readonly scaling?: FleetScaling;
  /**
   * Recording of traffic.
   * @default none
   */
  readonly dataCapture?: DataCapture;
  /**
   * Traffic shift on updates.
   * @default canary of 10 per cent
   */
  readonly trafficShift?: TrafficShift;
}

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

/** Requests queued through S3, answered to S3; the fleet may shrink to nothing. */
export interface AsynchronousHosting extends InstanceSettings {
  readonly mode: 'asynchronous';
  /**
   * Greatest number of instances.
   * @default what holds a request of 100 passages a second at 70 % of the measured throughput, at least 2
   */
  readonly maxInstanceCount?: number;
  /**
   * Least number of instances; 0 costs nothing while there is nothing to do, and waits for a start when there is again.
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
   * Requests sent to a container at once, 1..1000.
   * @default 4
   */
  readonly maxConcurrentInvocationsPerInstance?: number;
  /**
   * Bucket of the answers, below `output/` and `failure/`, and of the requests, below `input/`.
   * @default a new one, whose objects expire after 7 days
   */
  readonly bucket?: IBucket;
  /**
   * Key for the answers.
   * @default S3's own key
   */
  readonly encryptionKey?: IKey;
  /**
   * Told of every answer.
   * @default nobody
   */
  readonly successTopic?: ITopic;
  /**
   * Told of every failure.
   * @default nobody
   */
  readonly errorTopic?: ITopic;
}

/** Several variants in one container of one fleet, loaded as they are asked for by `TargetModel`. */
export interface MultiModelHosting extends InstanceSettings {
  readonly mode: 'multi-model';
  /**
   * Instances the endpoint starts with.
   * @default 1
   */
  readonly initialInstanceCount?: number;
  /**
   * Automatic scaling.
   * @default none: the fleet keeps its size
   */
  readonly scaling?: FleetScaling;
  /**
   * Traffic shift on updates.
   * @default canary of 10 per cent
   */
  readonly trafficShift?: TrafficShift;
}

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

/** Modes that serve one model. */
export type SingleModelHosting = RealTimeHosting | ServerlessHosting | AsynchronousHosting;
/** Modes that serve several. */
export type ManyModelHosting = MultiModelHosting | InferenceComponentsHosting;
/** How an endpoint is hosted. Each mode has the settings that SageMaker accepts for it and no others. */
export type Hosting = SingleModelHosting | ManyModelHosting;
export type HostingMode = Hosting['mode'];

export const HOSTING_MODES = [
  'real-time',
  'serverless',
  'asynchronous',
  'multi-model',
  'inference-components',
] as const satisfies readonly HostingMode[];
