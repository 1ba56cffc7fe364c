import { instanceType } from '@sagemaker-reranker/infra';
import { NUMBER_SETTINGS } from '../../../container/src/settings.js';
import {
  at,
  changeFirst,
  flat,
  list,
  LOCAL_DISKS,
  ofType,
  production,
  shadows,
  type Deployment,
  type Json,
  type Rule,
} from './deployment.js';

const api = 'https://docs.aws.amazon.com/sagemaker/latest/APIReference';
const guide = 'https://docs.aws.amazon.com/sagemaker/latest/dg';
const MODEL = 'AWS::SageMaker::Model';
const CONFIG = 'AWS::SageMaker::EndpointConfig';
const ENDPOINT = 'AWS::SageMaker::Endpoint';
const COMPONENT = 'AWS::SageMaker::InferenceComponent';
const TARGET = 'AWS::ApplicationAutoScaling::ScalableTarget';
const POLICY = 'AWS::ApplicationAutoScaling::ScalingPolicy';

/** Says what is wrong with a property of every resource of a type. */
function each(type: string, fault: (properties: Json, deployment: Deployment) => string | undefined) {
  return (deployment: Deployment): string[] =>
    ofType(deployment, type).flatMap(([id, { Properties }]) => {
      const found = fault(Properties, deployment);
      return found === undefined ? [] : [`${id}: ${found}`];
    });
}

function setFirst(type: string, name: string, value: unknown) {
  return (deployment: Deployment): boolean =>
    changeFirst(deployment, type, (properties) => {
      properties[name] = value;
      return true;
    });
}

const variants = (deployment: Deployment) => [...production(deployment), ...shadows(deployment)];
/** Sets a field of the first variant, where the predicate holds. */
function setVariant(
  name: string,
  value: unknown,
  when: (variant: Json, deployment: Deployment) => boolean = () => true,
) {
  return (deployment: Deployment): boolean => {
    const [first] = production(deployment);
    if (!first || !when(first, deployment)) return false;
    first[name] = value;
    return true;
  };
}

const shift = (deployment: Deployment) =>
  at(ofType(deployment, ENDPOINT)[0]?.[1], 'Properties', 'DeploymentConfig', 'BlueGreenUpdatePolicy') as
    Json | undefined;
const onInstances = (variant: Json) => variant.InstanceType !== undefined;
const container = (properties: Json) => properties.PrimaryContainer as Json;
const instanceCounts = (deployment: Deployment) =>
  ofType(deployment, TARGET).filter(([, { Properties }]) =>
    flat(Properties.ScalableDimension).includes('variant'),
  );

/** Sizes of the model's environment: keys and values of 1,024 characters, 32 KB in all. */
function environmentFault(environment: Json): string | undefined {
  const entries = Object.entries(environment);
  if (entries.some(([key, value]) => key.length > 1024 || flat(value).length > 1024))
    return 'a variable is over 1,024 characters';
  return JSON.stringify(environment).length > 32 * 1024 ? 'over 32 KB' : undefined;
}

export const HOSTING_RULES: readonly Rule[] = [
  {
    id: 'endpoint-name',
    page: `${api}/API_CreateEndpoint.html`,
    breaks: 'the name is refused, or its ARN, which is lower-cased, matches no policy',
    check: each(ENDPOINT, ({ EndpointName }) =>
      typeof EndpointName !== 'string' || /^[a-z0-9](-*[a-z0-9]){0,62}$/.test(EndpointName)
        ? undefined
        : EndpointName,
    ),
    violate: setFirst(ENDPOINT, 'EndpointName', 'Reranker_1'),
  },
  {
    id: 'endpoint-name-has-its-mode',
    page: `${guide}/serverless-endpoints.html`,
    breaks: 'another mode over the same stack is an UpdateEndpoint that SageMaker refuses',
    check: each(ENDPOINT, ({ EndpointName }, { mode }) => {
      const suffix = {
        'real-time': '',
        serverless: '-serverless',
        asynchronous: '-async',
        'multi-model': '-multi',
        'inference-components': '-components',
      }[mode];
      return flat(EndpointName).endsWith(suffix)
        ? undefined
        : `${flat(EndpointName)} does not end in ${suffix}`;
    }),
    violate: (deployment) =>
      deployment.mode !== 'real-time' && setFirst(ENDPOINT, 'EndpointName', 'reranker-tiny-dev')(deployment),
  },
  {
    id: 'variant-name',
    page: `${api}/API_ProductionVariant.html`,
    breaks: 'the name is refused, or two variants have one',
    check: (deployment) => {
      const names = variants(deployment).map(({ VariantName }) => flat(VariantName));
      return names.filter(
        (name, i) => !/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/.test(name) || names.indexOf(name) !== i,
      );
    },
    violate: setVariant('VariantName', 'all_traffic'),
  },
  {
    id: 'generations-have-no-name',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html',
    breaks:
      '"Cannot create already existing endpoint configuration": content that returns collides with the one that was kept',
    check: (deployment) =>
      [...ofType(deployment, MODEL), ...ofType(deployment, CONFIG)].flatMap(([id, { Properties }]) =>
        (Properties.ModelName ?? Properties.EndpointConfigName) === undefined ? [] : [id],
      ),
    violate: setFirst(CONFIG, 'EndpointConfigName', 'mine'),
  },
  {
    id: 'generations-are-kept',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html',
    breaks:
      'there is nothing to roll back to by hand, and a fleet that scales during a deployment cannot read its model',
    check: (deployment) =>
      ofType(deployment, CONFIG).flatMap(([id, { UpdateReplacePolicy, DeletionPolicy }]) =>
        UpdateReplacePolicy === 'Retain' && DeletionPolicy === 'Delete'
          ? []
          : [`${id} goes with its replacement, or outlives the stack`],
      ),
    violate: (deployment) =>
      changeFirst(deployment, CONFIG, (_, resource) =>
        Reflect.deleteProperty(resource, 'UpdateReplacePolicy'),
      ),
  },
  {
    id: 'instance-type-is-known',
    page: `${api}/API_ProductionVariant.html`,
    breaks: 'CreateEndpointConfig refuses the type',
    check: (deployment) =>
      variants(deployment)
        .filter(onInstances)
        .flatMap(({ InstanceType }) => {
          try {
            instanceType(flat(InstanceType));
            return [];
          } catch {
            return [flat(InstanceType)];
          }
        }),
    violate: setVariant('InstanceType', 'ml.c5.tiny', onInstances),
  },
  {
    id: 'no-key-on-local-disks',
    page: `${api}/API_CreateEndpointConfig.html`,
    breaks: 'CreateEndpointConfig fails: no KmsKeyId with local storage',
    check: (deployment) =>
      ofType(deployment, CONFIG)[0]?.[1].Properties.KmsKeyId === undefined
        ? []
        : variants(deployment)
            .map(({ InstanceType }) => flat(InstanceType))
            .filter((type) => LOCAL_DISKS.test(type)),
    violate: (deployment) =>
      deployment.ownKey && setVariant('InstanceType', 'ml.c5d.large', onInstances)(deployment),
  },
  {
    id: 'start-timeouts',
    page: `${api}/API_ProductionVariant.html`,
    breaks: 'outside 60 to 3,600 s the config is refused',
    check: (deployment) =>
      variants(deployment)
        .filter(onInstances)
        .flatMap((variant) =>
          ['ContainerStartupHealthCheckTimeoutInSeconds', 'ModelDataDownloadTimeoutInSeconds'].filter(
            (name) => !(Number(variant[name]) >= 60 && Number(variant[name]) <= 3600),
          ),
        ),
    violate: setVariant('ContainerStartupHealthCheckTimeoutInSeconds', 30, onInstances),
  },
  {
    id: 'instance-count',
    page: `${api}/API_ProductionVariant.html`,
    breaks: 'an endpoint cannot be made without an instance',
    check: (deployment) =>
      variants(deployment)
        .filter(onInstances)
        .filter(({ InitialInstanceCount }) => !(Number(InitialInstanceCount) >= 1))
        .map(({ VariantName }) => flat(VariantName)),
    violate: setVariant('InitialInstanceCount', 0, onInstances),
  },
  {
    id: 'weights',
    page: `${guide}/model-ab-testing.html`,
    breaks: 'a variant of weight 0 or less gets no traffic',
    check: (deployment) =>
      variants(deployment)
        .filter(({ InitialVariantWeight: weight }) => weight !== undefined && !(Number(weight) > 0))
        .map(({ VariantName }) => flat(VariantName)),
    violate: setVariant('InitialVariantWeight', 0),
  },
  {
    id: 'one-production-variant-with-a-shadow',
    page: `${api}/API_CreateEndpointConfig.html`,
    breaks: 'CreateEndpointConfig takes one production and one shadow variant, no more',
    check: (deployment) =>
      shadows(deployment).length === 0 ||
      (shadows(deployment).length === 1 && production(deployment).length === 1)
        ? []
        : ['too many variants'],
    violate: (deployment) => {
      if (shadows(deployment).length === 0) return false;
      return changeFirst(deployment, CONFIG, (config) => {
        config.ProductionVariants = [...production(deployment), ...production(deployment)];
        return true;
      });
    },
  },
  {
    id: 'shadow-where-there-are-shadows',
    page: `${guide}/shadow-tests-exclusions.html`,
    breaks: 'shadow tests are refused with serverless, asynchronous and multi-model',
    check: (deployment) =>
      shadows(deployment).length > 0 && deployment.mode !== 'real-time' ? [deployment.mode] : [],
    violate: (deployment) =>
      deployment.mode !== 'real-time' &&
      setFirst(CONFIG, 'ShadowProductionVariants', [{ VariantName: 'x' }])(deployment),
  },
  {
    id: 'least-outstanding-requests',
    page: `${api}/API_ProductionVariantRoutingConfig.html`,
    breaks:
      'only RANDOM, LEAST_OUTSTANDING_REQUESTS and PREFIX_AWARE are taken; at random, one long request delays others',
    check: (deployment) =>
      deployment.mode === 'asynchronous' || deployment.mode === 'serverless'
        ? []
        : production(deployment)
            .filter(
              (variant) => at(variant, 'RoutingConfig', 'RoutingStrategy') !== 'LEAST_OUTSTANDING_REQUESTS',
            )
            .map(({ VariantName }) => flat(VariantName)),
    violate: (deployment) =>
      deployment.mode !== 'asynchronous' &&
      setVariant('RoutingConfig', { RoutingStrategy: 'ROUND_ROBIN' }, onInstances)(deployment),
  },
  {
    id: 'serverless-has-none-of-what-it-refuses',
    page: `${guide}/serverless-endpoints.html#serverless-endpoints-how-it-works-exclusions`,
    breaks: 'CreateEndpointConfig or CreateModel refuses VPC, isolation, capture, key, instances',
    check: (deployment) => {
      if (deployment.mode !== 'serverless') return [];
      const [config] = ofType(deployment, CONFIG);
      const model = ofType(deployment, MODEL).find(
        ([id]) => id === at(production(deployment)[0], 'ModelName', 'Fn::GetAtt', 0),
      );
      const given = [
        ...[
          'VpcConfig',
          'KmsKeyId',
          'DataCaptureConfig',
          'AsyncInferenceConfig',
          'ShadowProductionVariants',
          'MetricsConfig',
        ].filter((name) => config?.[1].Properties[name] !== undefined),
        ...['InstanceType', 'InitialInstanceCount', 'RoutingConfig', 'ManagedInstanceScaling'].filter(
          (name) => production(deployment)[0]?.[name] !== undefined,
        ),
        ...(model?.[1].Properties.VpcConfig === undefined ? [] : ['VpcConfig']),
        ...(model?.[1].Properties.EnableNetworkIsolation === true ? ['EnableNetworkIsolation'] : []),
      ];
      return given;
    },
    violate: (deployment) =>
      deployment.mode === 'serverless' && setFirst(CONFIG, 'KmsKeyId', 'k')(deployment),
  },
  {
    id: 'serverless-size',
    page: `${api}/API_ProductionVariantServerlessConfig.html`,
    breaks: 'memory is 1 to 6 GB in steps, concurrency 1 to 200, kept warm no more than that',
    check: (deployment) =>
      production(deployment).flatMap(({ ServerlessConfig: config }) => {
        if (config === undefined) return [];
        const {
          MemorySizeInMB: memory,
          MaxConcurrency: most,
          ProvisionedConcurrency: warm = 1,
        } = config as Json;
        const ok =
          [1024, 2048, 3072, 4096, 5120, 6144].includes(Number(memory)) &&
          Number(most) >= 1 &&
          Number(most) <= 200 &&
          Number(warm) <= Number(most);
        return ok ? [] : [JSON.stringify(config)];
      }),
    violate: setVariant(
      'ServerlessConfig',
      { MemorySizeInMB: 1000, MaxConcurrency: 500 },
      ({ ServerlessConfig }) => ServerlessConfig !== undefined,
    ),
  },
  {
    id: 'isolated-from-networks',
    page: `${guide}/mkt-algo-model-internet-free.html`,
    breaks: 'a container that reads untrusted text could call out',
    check: (deployment) =>
      deployment.mode === 'serverless'
        ? []
        : each(MODEL, ({ EnableNetworkIsolation }) =>
            EnableNetworkIsolation === true ? undefined : 'not isolated',
          )(deployment),
    violate: (deployment) =>
      deployment.mode !== 'serverless' && setFirst(MODEL, 'EnableNetworkIsolation', false)(deployment),
  },
  {
    id: 'environment-fits',
    page: `${api}/API_ContainerDefinition.html`,
    breaks: 'CreateModel refuses long variables',
    check: each(MODEL, (model) => environmentFault((container(model).Environment ?? {}) as Json)),
    violate: (deployment) =>
      changeFirst(deployment, MODEL, (model) =>
        Boolean((container(model).Environment = { A: 'x'.repeat(2000) })),
      ),
  },
  {
    id: 'environment-is-what-the-container-reads',
    page: `${api}/API_ContainerDefinition.html`,
    breaks: 'a misspelt or out-of-range variable stops the container at its start',
    check: each(MODEL, (model) => {
      const settings = new Map<string, { readonly least: number; readonly most: number }>(
        Object.values(NUMBER_SETTINGS).map((setting) => [setting.env, setting]),
      );
      const wrong = Object.entries((container(model).Environment ?? {}) as Json).filter(([name, value]) => {
        const setting = settings.get(name);
        return !setting || Number(value) < setting.least || Number(value) > setting.most;
      });
      return wrong.length > 0 ? wrong.join('; ') : undefined;
    }),
    violate: (deployment) =>
      changeFirst(deployment, MODEL, (model) =>
        Boolean((container(model).Environment = { RERANKER_WORKER: '1' })),
      ),
  },
  {
    id: 'uncompressed-only-where-it-is-taken',
    page: `${guide}/large-model-inference-uncompressed.html`,
    breaks: 'uncompressed model data is refused with serverless, multi-model and batch transform',
    check: (deployment) =>
      ['serverless', 'multi-model'].includes(deployment.mode)
        ? each(MODEL, (model) =>
            container(model).ModelDataSource === undefined ? undefined : 'uncompressed',
          )(deployment)
        : [],
    violate: (deployment) =>
      ['serverless', 'multi-model'].includes(deployment.mode) &&
      changeFirst(deployment, MODEL, (model) => Boolean((container(model).ModelDataSource = {}))),
  },
  {
    id: 'model-data-is-named-once',
    page: `${api}/API_ContainerDefinition.html`,
    breaks:
      'CreateModel takes ModelDataUrl or ModelDataSource, not both; an archive ends in .tar.gz, a prefix in a slash',
    check: each(MODEL, (model) => {
      const { ModelDataUrl: url, ModelDataSource: source, Mode } = container(model);
      if ((url === undefined) === (source === undefined)) return 'none or both';
      const text = flat(url ?? at(source, 'S3DataSource', 'S3Uri'));
      return Mode === 'MultiModel' || source !== undefined
        ? text.endsWith('/')
          ? undefined
          : text
        : /\.gz$/.test(text)
          ? undefined
          : text;
    }),
    violate: (deployment) =>
      changeFirst(deployment, MODEL, (model) =>
        Boolean((container(model).ModelDataUrl = 's3://bucket/model.zip')),
      ),
  },
  {
    id: 'part-of-a-fleet-is-at-most-half',
    page: `${api}/API_TrafficRoutingConfig.html`,
    breaks: 'a canary of a fleet of one instance is over half of it: the update may be refused',
    check: (deployment) => {
      const type = at(shift(deployment), 'TrafficRoutingConfiguration', 'Type');
      const step = at(
        shift(deployment),
        'TrafficRoutingConfiguration',
        type === 'LINEAR' ? 'LinearStepSize' : 'CanarySize',
        'Value',
      );
      if (type === undefined || type === 'ALL_AT_ONCE') return [];
      const few = production(deployment).some(({ InitialInstanceCount }) => Number(InitialInstanceCount) < 2);
      return few || Number(step) > 50 ? [`${flat(type)} of ${flat(step)} %`] : [];
    },
    violate: (deployment) => {
      const policy = shift(deployment);
      if (!policy) return false;
      policy.TrafficRoutingConfiguration = { Type: 'CANARY', CanarySize: { Value: 80 } };
      return true;
    },
  },
  {
    id: 'shift-times',
    page: `${api}/API_BlueGreenUpdatePolicy.html`,
    breaks: 'waits are 0 to 3,600 s, the whole 600 to 28,800 s, and long enough for the waits',
    check: (deployment) => {
      const policy = shift(deployment);
      if (!policy) return [];
      const wait = Number(at(policy, 'TrafficRoutingConfiguration', 'WaitIntervalInSeconds'));
      const end = Number(policy.TerminationWaitInSeconds);
      const whole = Number(policy.MaximumExecutionTimeoutInSeconds);
      return wait >= 0 &&
        wait <= 3600 &&
        end >= 0 &&
        end <= 3600 &&
        whole >= 600 &&
        whole <= 28_800 &&
        whole > wait + end
        ? []
        : [JSON.stringify(policy)];
    },
    violate: (deployment) => {
      const policy = shift(deployment);
      if (!policy) return false;
      policy.MaximumExecutionTimeoutInSeconds = 60;
      return true;
    },
  },
  {
    id: 'shift-where-there-are-guardrails',
    page: `${guide}/deployment-guardrails.html`,
    breaks:
      'without it an update of a real-time or asynchronous endpoint is taken back by nothing; serverless and components refuse it',
    check: (deployment) => {
      const wanted = ['real-time', 'multi-model', 'asynchronous'].includes(deployment.mode);
      return (shift(deployment) !== undefined) === wanted ? [] : [deployment.mode];
    },
    violate: (deployment) =>
      changeFirst(
        deployment,
        ENDPOINT,
        (endpoint) =>
          delete endpoint.DeploymentConfig &&
          ['real-time', 'multi-model', 'asynchronous'].includes(deployment.mode),
      ),
  },
  {
    id: 'update-leaves-the-count-to-scaling',
    page: `${api}/API_UpdateEndpoint.html`,
    breaks: 'an update sets a fleet that has scaled out back to its initial count',
    check: (deployment) =>
      each(ENDPOINT, ({ RetainAllVariantProperties }) =>
        (RetainAllVariantProperties === true) === instanceCounts(deployment).length > 0
          ? undefined
          : 'count set back',
      )(deployment),
    violate: (deployment) =>
      instanceCounts(deployment).length > 0 &&
      setFirst(ENDPOINT, 'RetainAllVariantProperties', false)(deployment),
  },
  {
    id: 'update-takes-what-scaling-does-not-own',
    page: `${api}/API_UpdateEndpoint.html`,
    breaks: 'new weights or a new data capture are kept back in silence',
    check: each(ENDPOINT, ({ RetainAllVariantProperties, ExcludeRetainedVariantProperties }) => {
      const excluded = list(ExcludeRetainedVariantProperties)
        .map((property) => at(property, 'VariantPropertyType'))
        .sort()
        .join();
      return RetainAllVariantProperties !== true || excluded === 'DataCaptureConfig,DesiredWeight'
        ? undefined
        : excluded;
    }),
    violate: (deployment) =>
      instanceCounts(deployment).length > 0 &&
      setFirst(ENDPOINT, 'ExcludeRetainedVariantProperties', [])(deployment),
  },
  {
    id: 'asynchronous-exchange',
    page: `${api}/API_AsyncInferenceConfig.html`,
    breaks: 'without an output path there is no asynchronous endpoint; without a failure path no report',
    check: (deployment) =>
      deployment.mode !== 'asynchronous'
        ? []
        : each(CONFIG, ({ AsyncInferenceConfig: config }) => {
            const paths = ['S3OutputPath', 'S3FailurePath'].map((name) =>
              flat(at(config, 'OutputConfig', name)),
            );
            const at1 = Number(at(config, 'ClientConfig', 'MaxConcurrentInvocationsPerInstance'));
            return paths.every((path) => path.startsWith('s3://')) && at1 >= 1 && at1 <= 1000
              ? undefined
              : JSON.stringify(config);
          })(deployment),
    violate: (deployment) =>
      deployment.mode === 'asynchronous' && setFirst(CONFIG, 'AsyncInferenceConfig', {})(deployment),
  },
  {
    id: 'metrics-are-scraped-where-they-can-be',
    page: `${api}/API_MetricsConfig.html`,
    breaks: 'asynchronous and serverless endpoints refuse MetricsConfig',
    check: (deployment) =>
      each(CONFIG, ({ MetricsConfig }) =>
        (MetricsConfig !== undefined) === !['serverless', 'asynchronous'].includes(deployment.mode)
          ? undefined
          : deployment.mode,
      )(deployment),
    violate: (deployment) =>
      changeFirst(deployment, CONFIG, (config) => {
        if (['serverless', 'asynchronous'].includes(deployment.mode)) config.MetricsConfig = {};
        else delete config.MetricsConfig;
        return true;
      }),
  },
  {
    id: 'data-capture',
    page: `${api}/API_DataCaptureConfig.html`,
    breaks: 'sampling is 0 to 100 per cent, to S3, of real-time endpoints',
    check: each(CONFIG, ({ DataCaptureConfig: config }, { mode }) => {
      if (config === undefined) return undefined;
      const share = Number(at(config, 'InitialSamplingPercentage'));
      return mode === 'real-time' &&
        share >= 1 &&
        share <= 100 &&
        flat(at(config, 'DestinationS3Uri')).startsWith('s3://')
        ? undefined
        : JSON.stringify(config);
    }),
    violate: setFirst(CONFIG, 'DataCaptureConfig', { InitialSamplingPercentage: 0 }),
  },
  {
    id: 'components-are-placed-by-the-config',
    page: `${guide}/realtime-endpoints-deploy-models.html`,
    breaks: 'an endpoint that hosts components needs the role in its config, and takes no model there',
    check: (deployment) =>
      deployment.mode !== 'inference-components'
        ? []
        : each(CONFIG, ({ ExecutionRoleArn, ProductionVariants }) =>
            ExecutionRoleArn !== undefined && at(ProductionVariants, 0, 'ModelName') === undefined
              ? undefined
              : 'role or model',
          )(deployment),
    violate: (deployment) =>
      deployment.mode === 'inference-components' &&
      changeFirst(deployment, CONFIG, (config) => delete config.ExecutionRoleArn),
  },
  {
    id: 'component-names',
    page: `${api}/API_CreateInferenceComponent.html`,
    breaks: 'names over 63 characters are refused; equal ones collide',
    check: (deployment) => {
      const names = ofType(deployment, COMPONENT).map(([, { Properties }]) =>
        flat(Properties.InferenceComponentName),
      );
      return names.filter((name, i) => name.length > 63 || names.indexOf(name) !== i);
    },
    violate: setFirst(COMPONENT, 'InferenceComponentName', 'x'.repeat(64)),
  },
  {
    id: 'component-starts-with-a-copy',
    page: `${api}/API_InferenceComponentRuntimeConfig.html`,
    breaks: 'CreateInferenceComponent refuses a component without a copy',
    check: each(COMPONENT, ({ RuntimeConfig }) =>
      Number(at(RuntimeConfig, 'CopyCount')) >= 1 ? undefined : 'no copy',
    ),
    violate: setFirst(COMPONENT, 'RuntimeConfig', { CopyCount: 0 }),
  },
  {
    id: 'component-reads-with-the-role-of-its-generation',
    page: `${api}/API_InferenceComponentSpecification.html`,
    breaks:
      'the config, and with it the role, changes before the components do: a new fleet could not read the model that they still have',
    check: (deployment) => {
      const kept = new Map(
        ofType(deployment, MODEL).map(([id, model]) => [
          id,
          model.Properties.ExecutionRoleArn !== undefined && model.UpdateReplacePolicy === 'Retain',
        ]),
      );
      return each(COMPONENT, ({ Specification }) =>
        kept.get(String(at(Specification, 'ModelName', 'Fn::GetAtt', 0))) === true
          ? undefined
          : 'no model of its own, with a role, that is kept',
      )(deployment);
    },
    violate: (deployment) =>
      ofType(deployment, COMPONENT).length > 0 &&
      changeFirst(deployment, MODEL, (model) => delete model.ExecutionRoleArn),
  },
  {
    id: 'component-fits-an-instance',
    page: `${api}/API_InferenceComponentComputeResourceRequirements.html`,
    breaks: 'a copy that no instance holds is never placed',
    check: (deployment) => {
      const type = production(deployment)[0]?.InstanceType;
      return each(COMPONENT, ({ Specification }) => {
        const { vcpus, memoryMib } = instanceType(flat(type));
        const needs = at(Specification, 'ComputeResourceRequirements');
        const cores = Number(at(needs, 'NumberOfCpuCoresRequired'));
        return cores >= 0.25 && cores <= vcpus && Number(at(needs, 'MinMemoryRequiredInMb')) <= memoryMib
          ? undefined
          : JSON.stringify(needs);
      })(deployment);
    },
    violate: setFirst(COMPONENT, 'Specification', {
      ComputeResourceRequirements: { NumberOfCpuCoresRequired: 1000 },
    }),
  },
  {
    id: 'managed-scaling-bounds',
    page: `${api}/API_ProductionVariantManagedInstanceScaling.html`,
    breaks: 'the least number is over the greatest',
    check: (deployment) =>
      production(deployment).flatMap(({ ManagedInstanceScaling: scaling }) =>
        scaling === undefined ||
        Number(at(scaling, 'MinInstanceCount')) <= Number(at(scaling, 'MaxInstanceCount'))
          ? []
          : [JSON.stringify(scaling)],
      ),
    violate: setVariant(
      'ManagedInstanceScaling',
      { MinInstanceCount: 3, MaxInstanceCount: 1 },
      ({ ManagedInstanceScaling }) => ManagedInstanceScaling !== undefined,
    ),
  },
  {
    id: 'scalable-target',
    page: 'https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html',
    breaks: 'the dimension, the resource or the bounds are refused',
    check: each(TARGET, ({ ScalableDimension, ResourceId, MinCapacity, MaxCapacity }) => {
      const id = flat(ResourceId);
      const named =
        ScalableDimension === 'sagemaker:variant:DesiredInstanceCount'
          ? /^endpoint\/.+\/variant\/.+$/
          : /^inference-component\/.+$/;
      return named.test(id) && Number(MinCapacity) <= Number(MaxCapacity) ? undefined : id;
    }),
    violate: setFirst(TARGET, 'ResourceId', 'endpoint'),
  },
  {
    id: 'a-fixed-fleet-is-not-registered',
    page: `${guide}/endpoint-scaling-update.html`,
    breaks: 'an asynchronous fleet could never leave scaling, and so never change its instance type',
    check: (deployment) =>
      deployment.mode !== 'asynchronous'
        ? []
        : instanceCounts(deployment)
            .filter(
              ([, { Properties }]) => !(Number(Properties.MinCapacity) < Number(Properties.MaxCapacity)),
            )
            .map(([id]) => id),
    violate: (deployment) =>
      deployment.mode === 'asynchronous' &&
      changeFirst(deployment, TARGET, (target) => {
        target.MinCapacity = target.MaxCapacity;
        return true;
      }),
  },
  {
    id: 'scalable-target-comes-after-its-endpoint',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html',
    breaks: 'a variant that does not exist cannot be registered',
    check: (deployment) =>
      ofType(deployment, TARGET).flatMap(([id, { Properties, DependsOn = [] }]) => {
        const after = [...DependsOn, JSON.stringify(Properties.ResourceId)].join(' ');
        return /Endpoint|Component/.test(after) ? [] : [id];
      }),
    violate: (deployment) =>
      changeFirst(deployment, TARGET, (target, resource) => {
        target.ResourceId = 'x';
        return Reflect.deleteProperty(resource, 'DependsOn');
      }),
  },
  {
    id: 'burstable-types-are-not-scaled',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html',
    breaks: 'ml.t2 cannot be registered with Application Auto Scaling',
    check: (deployment) =>
      instanceCounts(deployment).length > 0
        ? production(deployment)
            .map(({ InstanceType }) => flat(InstanceType))
            .filter((type) => type.startsWith('ml.t'))
        : [],
    violate: (deployment) =>
      instanceCounts(deployment).length > 0 && setVariant('InstanceType', 'ml.t2.large')(deployment),
  },
  {
    id: 'scaling-follows-what-is-published',
    page: 'https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PredefinedMetricSpecification.html',
    breaks: 'the policy has no data and never scales',
    check: (deployment) =>
      each(POLICY, ({ TargetTrackingScalingPolicyConfiguration: tracking }) => {
        if (tracking === undefined) return undefined;
        const predefined = at(tracking, 'PredefinedMetricSpecification', 'PredefinedMetricType');
        const custom = at(tracking, 'CustomizedMetricSpecification', 'MetricName');
        const known =
          deployment.mode === 'asynchronous'
            ? custom === 'ApproximateBacklogSizePerInstance'
            : deployment.mode === 'inference-components'
              ? predefined === 'SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution'
              : [
                  'SageMakerVariantInvocationsPerInstance',
                  'SageMakerVariantConcurrentRequestsPerModelHighResolution',
                ].includes(flat(predefined));
        return known && Number(at(tracking, 'TargetValue')) > 0 ? undefined : JSON.stringify(tracking);
      })(deployment),
    violate: (deployment) =>
      changeFirst(deployment, POLICY, (policy) => {
        if (policy.TargetTrackingScalingPolicyConfiguration === undefined) return false;
        policy.TargetTrackingScalingPolicyConfiguration = { TargetValue: 0 };
        return true;
      }),
  },
  {
    id: 'wakes-from-zero',
    page: `${guide}/async-inference-autoscale.html`,
    breaks:
      'a fleet, or a component, that has shrunk to nothing stays there: tracking has no data without capacity',
    check: (deployment) =>
      ofType(deployment, TARGET).flatMap(([id, { Properties }]) => {
        if (Number(Properties.MinCapacity) > 0) return [];
        const steps = ofType(deployment, POLICY).filter(
          ([, policy]) =>
            at(policy.Properties.ScalingTargetId, 'Ref') === id &&
            policy.Properties.PolicyType === 'StepScaling',
        );
        return steps.length > 0 ? [] : [`${id} never wakes`];
      }),
    violate: (deployment) => {
      if (!ofType(deployment, TARGET).some(([, { Properties }]) => Number(Properties.MinCapacity) === 0))
        return false;
      for (const [id, { Properties }] of ofType(deployment, POLICY))
        if (Properties.PolicyType === 'StepScaling') Reflect.deleteProperty(deployment.resources, id);
      return true;
    },
  },
  {
    id: 'log-group-is-the-modes',
    page: `${guide}/logging-cloudwatch.html`,
    breaks: 'SageMaker writes elsewhere: no retention, no metrics',
    check: (deployment) => {
      const names = ofType(deployment, 'AWS::Logs::LogGroup')
        .map(([, { Properties }]) => flat(Properties.LogGroupName ?? ''))
        .filter((name) => name.startsWith('/aws/sagemaker/'));
      const kind = deployment.mode === 'inference-components' ? 'InferenceComponents' : 'Endpoints';
      return names.every((name) => name.startsWith(`/aws/sagemaker/${kind}/`))
        ? []
        : [`${names.join()} with ${deployment.mode}`];
    },
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::Logs::LogGroup', (group) => {
        if (group.LogGroupName === undefined) return false;
        group.LogGroupName = '/aws/sagemaker/TransformJobs';
        return true;
      }),
  },
  {
    id: 'log-group-comes-before-the-endpoint',
    page: `${guide}/logging-cloudwatch.html`,
    breaks: 'SageMaker makes the group first and CloudFormation fails with ResourceAlreadyExists',
    check: (deployment) => {
      const groups = ofType(deployment, 'AWS::Logs::LogGroup')
        .filter(([, { Properties }]) => flat(Properties.LogGroupName ?? '').startsWith('/aws/sagemaker/'))
        .map(([id]) => id);
      const before = ofType(deployment, ENDPOINT)[0]?.[1].DependsOn ?? [];
      return groups.filter((id) => !before.includes(id));
    },
    violate: (deployment) =>
      changeFirst(deployment, ENDPOINT, (_, resource) => Reflect.deleteProperty(resource, 'DependsOn')),
  },
  {
    id: 'logs-end',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html',
    breaks:
      'logs are kept and billed for ever, or a named group outlives the stack and stands in the way of the next',
    check: (deployment) =>
      ofType(deployment, 'AWS::Logs::LogGroup')
        .filter(
          ([, group]) => group.Properties.RetentionInDays === undefined || group.DeletionPolicy !== 'Delete',
        )
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::Logs::LogGroup', (group) => delete group.RetentionInDays),
  },
];
