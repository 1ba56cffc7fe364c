import { CfnDeletionPolicy, Names, Stack, Token, type CfnResource } from 'aws-cdk-lib';
import { Grant, type IGrantable, type IRole } from 'aws-cdk-lib/aws-iam';
import { CfnEndpoint, CfnEndpointConfig, CfnModel, type IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { callSettings, componentName, type ServedModels } from './call-settings.js';
import { INVOKE, RerankerEndpointBase } from './endpoint-base.js';
import { checkProps, type CheckedProps, type RerankerEndpointProps } from './endpoint-props.js';
import { bindDataCapture, bindExchange, volumeKeyGrants, type BoundExchange } from './exchange.js';
import { executionRole, type RoleGrant } from './execution-role.js';
import { RerankerComponent } from './inference-components.js';
import type { InstanceType } from './instance-types.js';
import { multiModelData, singleModelData, type ModelData } from './model-data.js';
import { EndpointMonitoring } from './monitoring.js';
import { bindNetwork, networkGrants } from './network.js';
import { scaleBacklog, scaleFleet } from './scaling.js';
import { pricePerHour } from './sizing.js';
import { deploymentConfig } from './traffic-shift.js';

/** The one production variant of every endpoint. */
export const PRODUCTION_VARIANT = 'AllTraffic';

/**
 * Rerankers behind a SageMaker endpoint: model, endpoint config, endpoint, least-privilege role, scaling, alarms and
 * dashboard, as the hosting mode asks for.
 *
 * @example new RerankerEndpoint(this, 'Reranker', { model: RerankerModel.fromDirectory('build/tiny') });
 */
export class RerankerEndpoint extends RerankerEndpointBase {
  /** An endpoint that exists already, in this stack's account and region. */
  static fromEndpointName(scope: Construct, id: string, endpointName: string): IEndpoint {
    class Import extends RerankerEndpointBase {
      override readonly endpointName = endpointName;
      override readonly endpointArn = Stack.of(scope).formatArn({
        service: 'sagemaker',
        resource: 'endpoint',
        resourceName: endpointName.toLowerCase(),
      });
    }
    return new Import(scope, id);
  }

  override readonly endpointName: string;
  override readonly endpointArn: string;
  /** The role SageMaker runs the containers with. */
  readonly role: IRole;
  readonly monitoring: EndpointMonitoring;
  /** Where asynchronous callers put requests, below `input/`, and find answers, below `output/` and `failure/`. */
  readonly exchangeBucket?: IBucket;
  /** Models that batch transform can run as well, by variant; none of a multi-model endpoint. */
  readonly modelNames: Readonly<Record<string, string>>;
  readonly #components: RerankerComponent[] = [];
  readonly #exchange?: BoundExchange;
  readonly #served: ServedModels;

  constructor(scope: Construct, id: string, props: RerankerEndpointProps = {}) {
    super(scope, id);
    const checked = checkProps(this.node.path, props);
    const { hosting, plan } = checked;
    const name = props.endpointName ?? defaultName(this);
    const onInstances = hosting.mode === 'serverless' ? undefined : hosting;

    const network = onInstances?.network && bindNetwork(this, onInstances.network);
    const capture =
      hosting.mode === 'real-time' && hosting.dataCapture
        ? bindDataCapture(this, name, hosting.dataCapture)
        : undefined;
    this.#exchange = hosting.mode === 'asynchronous' ? bindExchange(this, hosting) : undefined;
    this.exchangeBucket = this.#exchange?.bucket;
    this.#served = {
      mode: hosting.mode,
      endpointName: name,
      variants: checked.models.map(({ figures }) => figures.variant),
      exchangeBucket: this.exchangeBucket,
    };

    const componentNames =
      hosting.mode === 'inference-components'
        ? checked.models.map(({ figures }) => componentName(name, figures.variant))
        : [];
    this.monitoring = new EndpointMonitoring(this, 'Monitoring', {
      ...props.monitoring,
      usdPerInstanceHour: props.monitoring?.usdPerInstanceHour ?? this.#priceOf(plan.instance),
      endpointName: name,
      variantName: PRODUCTION_VARIANT,
      mode: hosting.mode,
      componentNames,
      vcpus: plan.instance?.vcpus ?? 0,
    });

    const image = checked.image.bind(this, 'Image', plan.architecture);
    const data = this.#modelData(checked);
    const role = executionRole(this, 'Role', {
      runs: `endpoint ${name}`,
      image,
      modelUrls: data.map(({ url }) => url),
      logGroupNames: this.monitoring.logGroupNames,
      grants: [
        ...data.flatMap(({ grants }): readonly RoleGrant[] => grants),
        ...(network ? networkGrants(this.stack, network) : []),
        ...(capture?.grants ?? []),
        ...(this.#exchange?.grants ?? []),
        ...volumeKeyGrants(onInstances?.volumeKey),
      ],
    });
    this.role = role;

    const models = data.map(({ container, dependency }, i) => {
      const model = new CfnModel(this, i === 0 ? 'Model' : `Model${i + 1}`, {
        executionRoleArn: role.roleArn,
        enableNetworkIsolation: plan.networkIsolation,
        // With inference components the endpoint config places the instances, and the models follow.
        vpcConfig: componentNames.length > 0 ? undefined : network?.vpcConfig,
        primaryContainer: {
          ...container,
          image: image.uri,
          environment: { ...plan.environment, ...props.environment },
        },
      });
      for (const first of [dependency, image.dependency]) if (first) model.node.addDependency(first);
      return model;
    });
    this.modelNames =
      hosting.mode === 'multi-model'
        ? {}
        : Object.fromEntries(
            checked.models.map(({ figures }, i) => [figures.variant, models[i]!.attrModelName]),
          );

    const shared = componentNames.length > 0;
    // Unnamed on purpose: CloudFormation names a config anew whenever its content changes, and a name of our own would
    // collide with a retained config when content returns to what it was.
    const config = new CfnEndpointConfig(this, 'Config', {
      productionVariants: [
        {
          variantName: PRODUCTION_VARIANT,
          modelName: shared ? undefined : models[0]!.attrModelName,
          ...plan.productionVariant,
        },
      ],
      executionRoleArn: shared ? role.roleArn : undefined,
      enableNetworkIsolation: shared ? plan.networkIsolation : undefined,
      vpcConfig: shared ? network?.vpcConfig : undefined,
      kmsKeyId: onInstances?.volumeKey?.keyArn,
      dataCaptureConfig: capture?.config,
      asyncInferenceConfig: this.#exchange?.config,
      // SageMaker scrapes the container's /metrics once a minute.
      metricsConfig:
        hosting.mode === 'serverless' || hosting.mode === 'asynchronous'
          ? undefined
          : { enableDetailedObservability: true, metricPublishFrequencyInSeconds: 60 },
    });

    const fleet = hosting.mode === 'real-time' || hosting.mode === 'multi-model' ? hosting : undefined;
    const endpoint = new CfnEndpoint(this, 'Endpoint', {
      endpointName: name,
      endpointConfigName: config.attrEndpointConfigName,
      deploymentConfig:
        fleet &&
        deploymentConfig(fleet.trafficShift ?? { strategy: 'canary' }, this.monitoring.rollbackAlarms),
      // Scaling owns the number of instances: an update must not set it back to the initial one.
      retainAllVariantProperties: fleet?.scaling ? true : undefined,
      excludeRetainedVariantProperties: fleet?.scaling
        ? [{ variantPropertyType: 'DataCaptureConfig' }]
        : undefined,
    });
    for (const logGroup of this.monitoring.logGroups) endpoint.node.addDependency(logGroup);
    if (props.retainPrevious ?? true)
      retainReplaced([role.node.defaultChild as CfnResource, ...models, config]);

    this.endpointName = endpoint.attrEndpointName;
    this.endpointArn = endpoint.ref;
    this.#scale(checked, endpoint, models, componentNames);
  }

  override grantInvoke(grantee: IGrantable): Grant {
    if (!this.#exchange) {
      return Grant.addToPrincipal({
        grantee,
        actions: INVOKE,
        resourceArns: [this.endpointArn, ...this.#components.map(({ arn }) => arn)],
      });
    }
    const grants = this.#exchange.callerGrants.map(({ actions, resources, conditions }) =>
      Grant.addToPrincipal({
        grantee,
        actions: [...actions],
        resourceArns: [...resources],
        conditions: conditions && { ...conditions },
      }),
    );
    return grants.reduce(
      (all, grant) => all.combine(grant),
      Grant.addToPrincipal({
        grantee,
        actions: ['sagemaker:InvokeEndpointAsync'],
        resourceArns: [this.endpointArn],
      }),
    );
  }

  /**
   * Environment of the Lambda handler for a call to one of the models.
   * @param variant Variant of the model; the first one's when absent.
   * @throws ConfigurationError when the endpoint does not serve it.
   */
  callSettings(variant: string = this.#served.variants[0]!): Record<string, string> {
    return callSettings(this.node.path, this.#served, variant);
  }

  /** Unknown where the region is: the stack is then deployed to whichever the CLI's credentials name. */
  #priceOf(instance: InstanceType | undefined): number | undefined {
    const { region } = this.stack;
    return instance && !Token.isUnresolved(region) ? pricePerHour(instance.name, region) : undefined;
  }

  #modelData({ hosting, models }: CheckedProps): ModelData[] {
    if (hosting.mode === 'multi-model') {
      const archives = new Map(models.map((model) => [model.figures.variant, model.directory!]));
      return [multiModelData(this, 'Models', archives)];
    }
    return models.map((model, i) =>
      singleModelData(this, i === 0 ? 'ModelData' : `ModelData${i + 1}`, model),
    );
  }

  #scale(
    { hosting, plan, models }: CheckedProps,
    endpoint: CfnEndpoint,
    cfnModels: readonly CfnModel[],
    componentNames: readonly string[],
  ): void {
    const fleet = { endpointName: endpoint.attrEndpointName, variantName: PRODUCTION_VARIANT };
    const { targets, copy, productionVariant } = plan;
    switch (hosting.mode) {
      case 'serverless':
        return;
      case 'asynchronous':
        scaleBacklog(this, fleet, {
          min: hosting.minInstanceCount ?? 0,
          max: plan.maxInstanceCount!,
          backlogPerInstance: hosting.backlogPerInstance ?? targets!.invocationsPerMinute,
          cooldowns: hosting.cooldowns,
        });
        return;
      case 'inference-components':
        for (const [i, componentName] of componentNames.entries()) {
          const component = new RerankerComponent(this, `Component-${models[i]!.figures.variant}`, {
            componentName,
            endpoint,
            variantName: PRODUCTION_VARIANT,
            modelName: cfnModels[i]!.attrModelName,
            hosting,
            copy: {
              vcpus: copy!.vcpus,
              memoryMib: copy!.memoryMib[i]!,
              maxCopyCount: copy!.maxCopyCount[i]!,
            },
            targets: targets!,
            startTimeouts: {
              containerStartupHealthCheckTimeoutInSeconds:
                productionVariant.containerStartupHealthCheckTimeoutInSeconds,
              modelDataDownloadTimeoutInSeconds: productionVariant.modelDataDownloadTimeoutInSeconds,
            },
            rollbackAlarmNames: this.monitoring.rollbackAlarms.map(({ alarmName }) => alarmName),
          });
          this.#components.push(component);
        }
        return;
      default:
        if (!hosting.scaling) return;
        scaleFleet(this, fleet, hosting.scaling, {
          min: productionVariant.initialInstanceCount!,
          max: plan.maxInstanceCount!,
          targets: targets!,
        });
    }
  }
}

function retainReplaced(parts: readonly CfnResource[]): void {
  for (const { cfnOptions } of parts) {
    cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
    cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  }
}

function defaultName(scope: Construct): string {
  return Names.uniqueResourceName(scope, { maxLength: 63, separator: '-' }).toLowerCase();
}
