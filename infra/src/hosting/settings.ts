import type { Duration, TimeZone } from 'aws-cdk-lib';
import type { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { RerankerModel } from '../model/reranker-model.js';

/** Where the instances' network interfaces are placed. */
export interface NetworkPlacement {
  readonly vpc: IVpc;
  /**
   * Subnets to use, in at least two availability zones. Model data is read through them: they need a route to S3, see
   * {@link RerankerNetwork}.
   * @default the private subnets
   */
  readonly subnets?: SubnetSelection;
  /**
   * Security groups of the instances, 1..5.
   * @default a new one that lets nothing in, and out only HTTPS
   */
  readonly securityGroups?: readonly ISecurityGroup[];
}

/** What every mode on instances has. */
export interface InstanceSettings {
  /**
   * CPU hosting type, for example `ml.c7i.xlarge`; the image is built for its architecture.
   * @default the recommended type of the variant, see sizing/sizing.ts
   */
  readonly instanceType?: string;
  /**
   * Inference processes in a container, each with a copy of the model and its share of the vCPUs.
   * @default one for each vCPU, as was measured on 2, where memory holds them; see sizing/workers.ts
   */
  readonly workers?: number;
  /**
   * Whether the container is cut off from every network, S3 included.
   * @default true
   */
  readonly networkIsolation?: boolean;
  /**
   * Network placement.
   * @default SageMaker's own network
   */
  readonly network?: NetworkPlacement;
  /**
   * Key for the storage volume of the instances. Types with local disks (c5d, r7gd) take none: their hardware encrypts them.
   * @default SageMaker's own key
   */
  readonly volumeKey?: IKey;
}

/** Settings of a fleet that is always on. */
export interface FleetSettings extends InstanceSettings {
  /**
   * Instances the endpoint starts with.
   * @default 1, for every variant; see INITIAL_INSTANCES in sizing/sizing.ts
   */
  readonly initialInstanceCount?: number;
  /**
   * Automatic scaling.
   * @default none: the fleet keeps its size
   */
  readonly scaling?: FleetScaling;
  /**
   * Traffic shift on updates.
   * @default canary of 10 per cent; all at once on a fleet of one instance, which has no part to begin with
   */
  readonly trafficShift?: TrafficShift;
}

/** A second model behind the same endpoint: another variant, or another build of the same one. */
export interface OtherModel {
  /** Name of the production variant: letters, digits and hyphens. */
  readonly name: string;
  readonly model: RerankerModel;
  /**
   * CPU hosting type of its instances.
   * @default the recommended type of the model's variant
   */
  readonly instanceType?: string;
  /**
   * Inference processes in a container.
   * @default as many as were measured, where memory holds them
   */
  readonly workers?: number;
  /**
   * Its instances.
   * @default 1
   */
  readonly initialInstanceCount?: number;
}

/** A model that takes part of the traffic. */
export interface WeightedModel extends OtherModel {
  /** Its share of the traffic: more than 0 and less than 1; the endpoint's own model has what the others leave. */
  readonly share: number;
}

/** A model that is sent copies of requests, and whose answers nobody gets. */
export interface ShadowModel extends OtherModel {
  /** Share of the requests that is copied: more than 0 and at most 1. */
  readonly share: number;
}

/** Where asynchronous requests and answers lie, and who is told. */
export interface AsynchronousExchange {
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

/** A change of the bounds at a time of day or week. */
export interface ScheduledBounds {
  readonly schedule: Schedule;
  /**
   * Least number of instances from then on.
   * @default unchanged
   */
  readonly minCapacity?: number;
  /**
   * Greatest number of instances from then on.
   * @default unchanged
   */
  readonly maxCapacity?: number;
  /**
   * Time zone of the schedule.
   * @default UTC
   */
  readonly timeZone?: TimeZone;
}

/** Cooldowns of automatic scaling. */
export interface Cooldowns {
  /**
   * Pause after removing capacity, which protects against flapping.
   * @default 5 minutes
   */
  readonly scaleInCooldown?: Duration;
  /**
   * Pause after adding capacity.
   * @default 1 minute
   */
  readonly scaleOutCooldown?: Duration;
}

/** Automatic scaling of an always-on fleet. */
export interface FleetScaling extends Cooldowns {
  /**
   * Least number of instances.
   * @default initialInstanceCount
   */
  readonly minInstanceCount?: number;
  /**
   * Greatest number of instances.
   * @default what holds a request of 100 passages a second at 70 % of the measured throughput, at least 2
   */
  readonly maxInstanceCount?: number;
  /**
   * What is held at its target: requests in flight on an instance, seen every 10 seconds, or invocations a minute.
   * @default concurrency
   */
  readonly metric?: 'concurrency' | 'invocations';
  /**
   * Value to hold.
   * @default from the variant's throughput on the instance type, see {@link scalingTargets}
   */
  readonly target?: number;
  /**
   * Tokens of a request, query and special tokens counted with every document; the default target follows from it.
   * @default 8000: 100 passages
   */
  readonly tokensPerRequest?: number;
  /**
   * Bounds that change with the time of day.
   * @default none
   */
  readonly schedule?: Readonly<Record<string, ScheduledBounds>>;
}

/** Recording of requests and answers to S3. They hold the callers' texts: opt in knowingly. */
export interface DataCapture {
  /** Share of the requests that is recorded, 1..100 per cent. */
  readonly samplingPercentage: number;
  /**
   * What is recorded.
   * @default both
   */
  readonly capture?: 'input' | 'output' | 'both';
  /**
   * Bucket to write to.
   * @default a new one, whose objects expire after 30 days
   */
  readonly bucket?: IBucket;
  /**
   * Key for the recorded objects.
   * @default S3's own key
   */
  readonly encryptionKey?: IKey;
}

/** How traffic moves to new instances on an update; the alarms of the endpoint take it back. */
export interface TrafficShift {
  /** A first part and then the rest, equal parts, or everything at once. */
  readonly strategy: 'canary' | 'linear' | 'all-at-once';
  /**
   * First part (canary, 1..50 per cent) or each part (linear, 10..50 per cent) of the capacity.
   * @default 10
   */
  readonly stepPercentage?: number;
  /**
   * Watching time after each part, up to an hour.
   * @default 5 minutes
   */
  readonly interval?: Duration;
  /**
   * Time the old instances stay on after the last part, up to an hour.
   * @default 5 minutes
   */
  readonly terminationWait?: Duration;
}
