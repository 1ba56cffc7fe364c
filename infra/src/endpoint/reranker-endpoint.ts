import { CfnDeletionPolicy, Names, Token, type CfnResource } from 'aws-cdk-lib';
import type { ScalableTarget } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Connections, type IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { Grant, IGrantable, IPrincipal, IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnEndpoint, CfnEndpointConfig, CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ConfigurationError } from '../common/configuration-error.js';
import { containerEnvironment, type CallSettings } from '../common/container-environment.js';
import { volumeKeyGrants } from '../common/grants.js';
import { modeOf, type HostingMode } from '../hosting/hosting.js';
import { PRODUCTION_VARIANT, type HostingPlan, type VariantPlan } from '../hosting/plan.js';
import { scaleInstances } from '../hosting/scaling.js';
import { deploymentConfig } from '../hosting/traffic-shift.js';
import type { BoundImage } from '../image/reranker-image.js';
import { multiModelData, singleModelData, type ModelData } from '../model/model-data.js';
import { EndpointMonitoring } from '../monitoring/endpoint-monitoring.js';
import { bindNetwork, networkGrants } from '../network/network.js';
import type { CpuArchitecture, InstanceType } from '../sizing/instance-types.js';
import { pricePerHour } from '../sizing/sizing.js';
import { componentName } from './component-name.js';
import { bindDataCapture } from './data-capture.js';
import { RerankerEndpointBase, type IRerankerEndpoint } from './endpoint-base.js';
import { bindExchange, grantExchange, inputLocation } from './exchange.js';
import { executionRole, grantExecution, type ExecutionRoleProps } from './execution-role.js';
import { ImportedEndpoint, type RerankerEndpointAttributes } from './imported-endpoint.js';
import { checkProps, type RerankerEndpointProps } from './props.js';
import { RerankerComponent } from './reranker-component.js';

/** What is deployed of a variant: its models, in order. */
interface VariantModels {
  readonly variant: VariantPlan;
  readonly models: readonly CfnModel[];
}

/**
 * Rerankers behind a SageMaker endpoint: model, endpoint config, endpoint, least-privilege role, scaling, alarms and
 * dashboard, as the hosting mode asks for.
 *
 * @example new RerankerEndpoint(this, 'Reranker', { model: RerankerModel.fromDirectory('build/tiny') });
 */
export class RerankerEndpoint extends RerankerEndpointBase implements IConnectable, IGrantable {
  /** A real-time endpoint that exists already, in this stack's account and region. */
  static fromEndpointName(scope: Construct, id: string, endpointName: string): IRerankerEndpoint {
    return new ImportedEndpoint(scope, id, { endpointName });
  }

  /** A real-time endpoint that exists already, in any account and region. */
  static fromEndpointArn(scope: Construct, id: string, endpointArn: string): IRerankerEndpoint {
    return new ImportedEndpoint(scope, id, { endpointArn });
  }

  /**
   * An endpoint of any hosting mode that exists already.
   * @throws ConfigurationError naming what a caller would need to know and is not given.
   */
  static fromEndpointAttributes(
    scope: Construct,
    id: string,
    attributes: RerankerEndpointAttributes,
  ): IRerankerEndpoint {
    return new ImportedEndpoint(scope, id, attributes);
  }

  override readonly endpointName: string;
  override readonly endpointArn: string;
  readonly mode: HostingMode;
  /** The role SageMaker runs the containers with. */
  readonly role: IRole;
  /** The containers, as whom they call other services. */
  readonly grantPrincipal: IPrincipal;
  readonly monitoring: EndpointMonitoring;
  /** Where asynchronous callers put requests, below `input/`, and find answers, below `output/` and `failure/`. */
  readonly exchangeBucket?: IBucket;
  /** Models that batch transform can run as well, by variant; none of a multi-model endpoint. */
  readonly modelNames: Readonly<Record<string, string>>;
  readonly cfnEndpoint: CfnEndpoint;
  readonly cfnEndpointConfig: CfnEndpointConfig;
  readonly cfnModels: readonly CfnModel[];
  /** One for each model, with inference components. */
  readonly components: readonly RerankerComponent[];
  /** The number of instances, where scaling holds it. */
  readonly scalableTarget?: ScalableTarget;
  readonly #connections?: Connections;
  readonly #exchangeKey?: IKey;
  /** Variants of the models, by which callers choose. */
  readonly #served: readonly string[];

  constructor(scope: Construct, id: string, props: RerankerEndpointProps = {}) {
    super(scope, id);
    const { image, plan } = checkProps(this.node.path, props, this.stack.region);
    const [first] = plan.variants;
    const mode = modeOf(plan.mode);
    this.mode = plan.mode;
    this.#served = first.models.map(({ name }) => name);
    const name = props.endpointName ?? defaultName(this, mode.suffix);
    const componentNames = plan.components ? this.#served.map((each) => componentName(name, each)) : [];

    const network = plan.network && bindNetwork(this, plan.network);
    this.#connections = network && new Connections({ securityGroups: [...network.securityGroups] });
    const capture = plan.dataCapture && bindDataCapture(this, name, plan.dataCapture);
    const exchange = plan.exchange && bindExchange(this, plan.exchange);
    this.exchangeBucket = exchange?.bucket;
    this.#exchangeKey = plan.exchange?.encryptionKey;
    this.monitoring = new EndpointMonitoring(this, 'Monitoring', {
      ...props.monitoring,
      usdPerInstanceHour: props.monitoring?.usdPerInstanceHour ?? this.#priceOf(first.instance),
      endpointName: name,
      mode: plan.mode,
      watch: mode,
      variants: plan.variants.map((variant) => ({
        name: variant.name,
        vcpus: variant.instance?.vcpus ?? 0,
      })),
      componentNames,
    });

    const images = new Map<CpuArchitecture, BoundImage>();
    const all = [...plan.variants, ...(plan.shadow ? [plan.shadow] : [])];
    for (const { architecture } of all) {
      const imageId = images.size === 0 ? 'Image' : `Image-${architecture}`;
      if (!images.has(architecture)) images.set(architecture, image.bind(this, imageId, architecture));
    }
    const data = this.#modelData(plan, all);
    const { rollbackAlarms } = this.monitoring;
    const execution: ExecutionRoleProps = {
      runs: `endpoint ${name}`,
      images: [...images.values()],
      modelUrls: data.flat().map(({ url }) => url),
      logGroupNames: this.monitoring.logGroupNames,
      logGroupsMade: true,
      grants: [
        ...data.flat().flatMap(({ grants }) => grants),
        ...(network ? networkGrants(this.stack, network) : []),
        ...(capture?.grants ?? []),
        ...(exchange?.grants ?? []),
        ...volumeKeyGrants(plan.volumeKey),
        // SageMaker looks at the alarms that take a deployment back.
        ...(rollbackAlarms.length === 0
          ? []
          : [
              {
                sid: 'WatchAlarms',
                actions: ['cloudwatch:DescribeAlarms'],
                resources: rollbackAlarms.map(({ alarmArn }) => alarmArn),
              },
            ]),
      ],
    };
    if (props.role) grantExecution(this, props.role, execution);
    this.role = props.role ?? executionRole(this, 'Role', execution);
    this.grantPrincipal = this.role.grantPrincipal;

    const deployed = all.map((variant, i): VariantModels => ({
      variant,
      models: data[i]!.map(({ container, dependency }, j) => {
        const bound = images.get(variant.architecture)!;
        const model = new CfnModel(this, modelId('Model', i, j, variant), {
          executionRoleArn: this.role.roleArn,
          enableNetworkIsolation: plan.networkIsolation,
          // With inference components the endpoint config places the instances, and the models follow.
          vpcConfig: plan.components ? undefined : network?.vpcConfig,
          primaryContainer: {
            ...container,
            image: bound.uri,
            environment: { ...containerEnvironment(variant.container), ...props.environment },
          },
        });
        for (const before of [dependency, bound.dependency]) if (before) model.node.addDependency(before);
        return model;
      }),
    }));
    this.cfnModels = deployed.flatMap(({ models }) => models);
    this.modelNames =
      plan.modelData === 'own'
        ? Object.fromEntries(this.#served.map((each, i) => [each, this.cfnModels[i]!.attrModelName]))
        : {};

    const production = deployed.slice(0, plan.variants.length);
    const shadow = deployed.slice(plan.variants.length);
    // Unnamed on purpose: CloudFormation names a config anew whenever its content changes, and a name of our own would
    // collide with a retained config when content returns to what it was.
    this.cfnEndpointConfig = new CfnEndpointConfig(this, 'Config', {
      productionVariants: production.map((each) => variantProperty(each, plan)),
      shadowProductionVariants:
        shadow.length === 0 ? undefined : shadow.map((each) => variantProperty(each, plan)),
      executionRoleArn: plan.components ? this.role.roleArn : undefined,
      enableNetworkIsolation: plan.components ? plan.networkIsolation : undefined,
      vpcConfig: plan.components ? network?.vpcConfig : undefined,
      kmsKeyId: plan.volumeKey?.keyArn,
      dataCaptureConfig: capture?.config,
      asyncInferenceConfig: exchange?.config,
      // SageMaker scrapes the container's /metrics once a minute.
      metricsConfig: plan.scraped
        ? { enableDetailedObservability: true, metricPublishFrequencyInSeconds: 60 }
        : undefined,
    });
    this.cfnEndpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: name,
      endpointConfigName: this.cfnEndpointConfig.attrEndpointConfigName,
      deploymentConfig: plan.trafficShift && deploymentConfig(plan.trafficShift, rollbackAlarms),
      // Scaling owns the number of instances: an update must not set it back to the initial one. All else is the stack's.
      retainAllVariantProperties: first.scaling ? true : undefined,
      excludeRetainedVariantProperties: first.scaling
        ? [{ variantPropertyType: 'DataCaptureConfig' }, { variantPropertyType: 'DesiredWeight' }]
        : undefined,
    });
    for (const logGroup of this.monitoring.logGroups) this.cfnEndpoint.node.addDependency(logGroup);
    if (props.retainPrevious ?? true) {
      const own = props.role ? [] : [this.role.node.defaultChild as CfnResource];
      retainReplaced([...own, ...this.cfnModels, this.cfnEndpointConfig]);
    }
    this.endpointName = this.cfnEndpoint.attrEndpointName;
    this.endpointArn = this.cfnEndpoint.ref;

    this.scalableTarget =
      first.scaling &&
      scaleInstances(this, { endpointName: this.endpointName, variantName: first.name }, first.scaling);
    this.components = componentNames.map(
      (each, index) =>
        new RerankerComponent(this, `Component-${this.#served[index]}`, {
          componentName: each,
          endpoint: this.cfnEndpoint,
          variantName: PRODUCTION_VARIANT,
          modelName: this.cfnModels[index]!.attrModelName,
          plan: plan.components!,
          index,
          rollbackAlarmNames: rollbackAlarms.map(({ alarmName }) => alarmName),
        }),
    );
    this.componentArns.push(...this.components.map(({ cfnInferenceComponent }) => cfnInferenceComponent.ref));
  }

  /**
   * The instances' security groups.
   * @throws ConfigurationError where the instances are in no VPC.
   */
  get connections(): Connections {
    if (this.#connections) return this.#connections;
    throw new ConfigurationError(this.node.path, [
      'connections are those of a VPC; this endpoint is in none: give hosting.network',
    ]);
  }

  override grantInvoke(grantee: IGrantable): Grant {
    if (!this.exchangeBucket) return super.grantInvoke(grantee);
    return grantExchange(grantee, this.endpointArn, this.exchangeBucket, this.#exchangeKey);
  }

  override callSettings(variant: string = this.#served[0]!): CallSettings {
    if (!this.#served.includes(variant)) {
      throw new ConfigurationError(this.node.path, [
        `variant is "${variant}"; this endpoint serves ${this.#served.join(', ')}`,
      ]);
    }
    return modeOf(this.mode).call({
      // The name as it was given: a component's is made of it.
      endpointName: this.cfnEndpoint.endpointName!,
      name: variant,
      inputLocation: this.exchangeBucket && inputLocation(this.exchangeBucket),
    });
  }

  /** Unknown where the region is: the stack is then deployed to whichever the CLI's credentials name. */
  #priceOf(instance: InstanceType | undefined): number | undefined {
    const { region } = this.stack;
    return instance && !Token.isUnresolved(region) ? pricePerHour(instance.name, region) : undefined;
  }

  /** Model data of each variant, of each model in it. */
  #modelData({ modelData }: HostingPlan, variants: readonly VariantPlan[]): ModelData[][] {
    return variants.map((variant, i) =>
      modelData === 'own'
        ? variant.models.map((model, j) =>
            singleModelData(
              this,
              modelId('ModelData', i, j, variant),
              model,
              i === 0 ? undefined : `ModelDataOfVariant${i + 1}`,
            ),
          )
        : [multiModelData(this, 'Models', variant.models, modelData.encryptionKey)],
    );
  }
}

/** Id of a construct that there is one of for each model: plain for the first, numbered after it, named beside it. */
function modelId(kind: string, variant: number, model: number, { name }: VariantPlan): string {
  if (variant > 0) return `${kind}-${name}`;
  return model === 0 ? kind : `${kind}${model + 1}`;
}

function variantProperty(
  { variant, models }: VariantModels,
  { components }: HostingPlan,
): CfnEndpointConfig.ProductionVariantProperty {
  return {
    variantName: variant.name,
    modelName: components ? undefined : models[0]!.attrModelName,
    ...variant.productionVariant,
  };
}

function retainReplaced(parts: readonly CfnResource[]): void {
  for (const { cfnOptions } of parts) {
    cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  }
}

/** The mode is part of it: SageMaker cannot turn an endpoint of one mode into another, so a new mode is a new endpoint. */
function defaultName(scope: Construct, suffix: string): string {
  const end = suffix && `-${suffix}`;
  const name = Names.uniqueResourceName(scope, { maxLength: 63 - end.length, separator: '-' });
  return `${name}${end}`.toLowerCase();
}
