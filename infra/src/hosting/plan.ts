import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CallSettings, ContainerSettings } from '../common/container-environment.js';
import type { Watch } from '../monitoring/metrics.js';
import type { RerankerModel } from '../model/reranker-model.js';
import type { ContextReader, StackPlace } from '../stack/context-reader.js';
import type { CpuArchitecture, InstanceType } from '../sizing/instance-types.js';
import type { ScalingTargets } from '../sizing/scaling-targets.js';
import type {
  AsynchronousExchange,
  Cooldowns,
  DataCapture,
  FleetScaling,
  NetworkPlacement,
  TrafficShift,
} from './settings.js';

/** The variant of every endpoint that takes its traffic, all of it unless others are named beside it. */
export const PRODUCTION_VARIANT = 'AllTraffic';

/** One production or shadow variant: models, what runs them, and how its instances are counted. */
export interface VariantPlan {
  readonly name: string;
  readonly models: readonly RerankerModel[];
  readonly architecture: CpuArchitecture;
  /** Absent for serverless. */
  readonly instance?: InstanceType;
  readonly container: ContainerSettings;
  readonly productionVariant: Omit<CfnEndpointConfig.ProductionVariantProperty, 'variantName' | 'modelName'>;
  readonly scaling?: ScalingPlan;
  /** Values to hold by scaling: of the slowest model, for an instance or, with inference components, for a copy. */
  readonly targets?: ScalingTargets;
}

/** How the number of instances follows the load. */
export type ScalingPlan =
  | {
      readonly by: 'load';
      readonly min: number;
      readonly max: number;
      readonly metric: 'concurrency' | 'invocations';
      readonly target: number;
      readonly cooldowns: Cooldowns;
      readonly schedule: NonNullable<FleetScaling['schedule']>;
    }
  | {
      readonly by: 'backlog';
      readonly min: number;
      readonly max: number;
      readonly target: number;
      readonly cooldowns: Cooldowns;
    };

/** What a copy of each model reserves, and how its number follows the load, with inference components. */
export interface ComponentsPlan {
  readonly vcpus: number;
  /** MiB of a copy, by model. */
  readonly memoryMib: readonly number[];
  readonly minCopyCount: number;
  /** By model. */
  readonly maxCopyCount: readonly number[];
  readonly concurrencyPerCopy: number;
  readonly cooldowns: Cooldowns;
}

/** An endpoint as it will be built: settings checked, defaults chosen. Constructs read this and nothing else. */
export interface HostingPlan {
  readonly networkIsolation: boolean;
  readonly network?: NetworkPlacement;
  readonly volumeKey?: IKey;
  /** One archive for each model, or all below one prefix that callers choose from. */
  readonly modelData: 'own' | { readonly below: 'one prefix'; readonly encryptionKey?: IKey };
  /** The first takes the traffic; the others their share of it. */
  readonly variants: readonly [VariantPlan, ...VariantPlan[]];
  /** Takes copies of requests; its answers are thrown away. */
  readonly shadow?: VariantPlan;
  readonly components?: ComponentsPlan;
  readonly exchange?: AsynchronousExchange;
  readonly dataCapture?: DataCapture;
  /** Absent where SageMaker has none. */
  readonly trafficShift?: TrafficShift;
  /** Whether SageMaker scrapes the container's `/metrics`. */
  readonly scraped: boolean;
}

/** How callers reach a model of a mode's endpoint. */
export interface ServedModel {
  readonly endpointName: string;
  readonly name: string;
  /** `s3://` URL of the requests of an asynchronous endpoint. */
  readonly inputLocation?: string;
}

/** Everything about a hosting mode; one file each. */
export interface Mode<H> extends Watch {
  /** Ends the names of endpoint and stack: SageMaker cannot turn an endpoint of one mode into another. */
  readonly suffix: string;
  /** Whether it serves several models, which callers choose from. */
  readonly manyModels: boolean;
  readonly call: (served: ServedModel) => CallSettings;
  /** Why the mode cannot be deployed to a region, where it cannot. */
  readonly missingIn?: (region: string) => string | undefined;
  /** Invocation metrics that SageMaker publishes by variant in this mode. */
  readonly published: readonly string[];
  /** The settings of its hosting, all of them. */
  readonly settings: { readonly [K in Exclude<keyof H, 'mode'>]-?: true };
  /** Keys of the context that belong to it, of those that not every mode knows. */
  readonly contextKeys: readonly string[];
  fromContext(context: ContextReader): H;
  /** With the network and the key that the stack makes. */
  place(hosting: H, place: StackPlace): H;
  /** @throws ConfigurationError naming every setting that is out of range or cannot hold the models. */
  plan(hosting: H, models: readonly RerankerModel[]): HostingPlan;
}
