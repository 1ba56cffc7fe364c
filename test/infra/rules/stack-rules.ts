import { instanceType } from '@sagemaker-reranker/infra';
import {
  at,
  changeFirst,
  flat,
  inner,
  list,
  LOCAL_DISKS,
  ofType,
  type Deployment,
  type Json,
  type Rule,
} from './deployment.js';

const GROUP = 'AWS::EC2::SecurityGroup';
const MACHINE = 'AWS::StepFunctions::StateMachine';
const FUNCTION = 'AWS::Lambda::Function';
const guide = 'https://docs.aws.amazon.com/sagemaker/latest/dg';

/** Parameters of the transform jobs that state machines start, with the state's own settings. */
function transforms(deployment: Deployment): Json[] {
  return ofType(deployment, MACHINE).flatMap(([, { Properties }]) =>
    Object.values((inner(Properties.DefinitionString).States ?? {}) as Json)
      .filter((state) => flat(at(state, 'Resource')).includes('createTransformJob'))
      .map((state) => at(state, 'Parameters') as Json),
  );
}
/** Breaks the first transform job. */
function changeTransform(deployment: Deployment, change: (parameters: Json) => void): boolean {
  if (transforms(deployment).length === 0) return false;
  return changeFirst(deployment, MACHINE, (machine) => {
    const definition = inner(machine.DefinitionString);
    for (const state of Object.values(definition.States as Json)) {
      const parameters = at(state, 'Parameters') as Json | undefined;
      if (parameters?.TransformResources !== undefined) change(parameters);
    }
    machine.DefinitionString = JSON.stringify(definition);
    return true;
  });
}

/** Functions of ours: the CDK's own have no dead-letter queue. */
const callers = (deployment: Deployment) =>
  ofType(deployment, FUNCTION).filter(
    ([, { Properties }]) =>
      at(Properties, 'Environment', 'Variables', 'RERANKER_ENDPOINT_NAME') !== undefined,
  );
const changeCaller = (deployment: Deployment, change: (properties: Json) => void) => {
  const [first] = callers(deployment);
  if (first) change(first[1].Properties);
  return first !== undefined;
};

export const STACK_RULES: readonly Rule[] = [
  {
    id: 'isolated-network-has-no-way-out',
    page: `${guide}/host-vpc.html`,
    breaks: 'isolatedNetwork was asked for, and there is a way to the internet',
    check: (deployment) =>
      deployment.isolated
        ? ['AWS::EC2::InternetGateway', 'AWS::EC2::NatGateway'].filter(
            (type) => ofType(deployment, type).length > 0,
          )
        : [],
    violate: (deployment) =>
      deployment.isolated &&
      Boolean((deployment.resources.Nat = { Type: 'AWS::EC2::NatGateway', Properties: {} })),
  },
  {
    id: 'isolated-network-reaches-what-it-needs',
    page: `${guide}/host-vpc.html`,
    breaks: 'image, model, log or metrics cannot be reached and the endpoint fails after an hour',
    check: (deployment) => {
      if (!deployment.isolated) return [];
      const services = ofType(deployment, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) =>
        flat(Properties.ServiceName),
      );
      return ['.s3', '.ecr.api', '.ecr.dkr', '.logs', '.monitoring', '.sagemaker.runtime'].filter(
        (name) => !services.some((service) => service.includes(name)),
      );
    },
    violate: (deployment) =>
      ofType(deployment, 'AWS::EC2::VPCEndpoint').some(
        ([id]) => deployment.isolated && Reflect.deleteProperty(deployment.resources, id),
      ),
  },
  {
    id: 'everything-runs-in-the-isolated-network',
    page: `${guide}/batch-vpc.html`,
    breaks: 'isolatedNetwork was asked for, and batches run outside',
    check: (deployment) =>
      !deployment.isolated || deployment.mode === 'inference-components'
        ? []
        : ofType(deployment, 'AWS::SageMaker::Model')
            .filter(([, { Properties }]) => Properties.VpcConfig === undefined)
            .map(([id]) => id),
    violate: (deployment) =>
      deployment.isolated &&
      deployment.mode !== 'inference-components' &&
      changeFirst(deployment, 'AWS::SageMaker::Model', (model) => delete model.VpcConfig),
  },
  {
    id: 'placement-limits',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html',
    breaks: 'VpcConfig takes 1 to 16 subnets and 1 to 5 security groups',
    check: (deployment) =>
      [
        ...ofType(deployment, 'AWS::SageMaker::Model'),
        ...ofType(deployment, 'AWS::SageMaker::EndpointConfig'),
      ].flatMap(([id, { Properties }]) => {
        const config = Properties.VpcConfig;
        if (config === undefined) return [];
        const subnets = list(at(config, 'Subnets')).length;
        const groups = list(at(config, 'SecurityGroupIds')).length;
        return subnets >= 1 && subnets <= 16 && groups >= 1 && groups <= 5 ? [] : [id];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::SageMaker::Model', (model) => {
        model.VpcConfig = { Subnets: [], SecurityGroupIds: [] };
        return true;
      }),
  },
  {
    id: 'instances-take-no-connections',
    page: 'https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html',
    breaks: 'whoever is in the VPC reaches the instances past SageMaker',
    check: (deployment) =>
      ofType(deployment, GROUP)
        .filter(
          ([, { Properties }]) =>
            flat(Properties.GroupDescription).startsWith('Instances of the reranker') &&
            list(Properties.SecurityGroupIngress).length > 0,
        )
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, GROUP, (group) => {
        if (!flat(group.GroupDescription).startsWith('Instances')) return false;
        group.SecurityGroupIngress = [{}];
        return true;
      }),
  },
  {
    id: 'zones-are-the-chosen-ones',
    page: 'https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html',
    breaks: 'an interface endpoint is refused in a zone that lacks its service, and no other can be chosen',
    check: (deployment) =>
      deployment.zones.length === 0
        ? []
        : ofType(deployment, 'AWS::EC2::Subnet')
            .filter(([, { Properties }]) => !deployment.zones.includes(flat(Properties.AvailabilityZone)))
            .map(([id]) => id),
    violate: (deployment) =>
      deployment.zones.length > 0 &&
      changeFirst(deployment, 'AWS::EC2::Subnet', (subnet) => {
        subnet.AvailabilityZone = 'elsewhere';
        return true;
      }),
  },
  {
    id: 'image-is-of-the-instances-platform',
    page: `${guide}/realtime-endpoints-graviton.html`,
    breaks: 'an x86 image on Graviton, or the reverse, stops at its start',
    check: (deployment) => {
      const types =
        JSON.stringify(ofType(deployment, 'AWS::SageMaker::EndpointConfig')).match(
          /ml\.[a-z0-9-]+\.[a-z0-9]+/g,
        ) ?? [];
      const graviton = types.some((type) => instanceType(type).architecture === 'arm64');
      const built = [
        ...deployment.dockerImages.map((image) => flat(image.platform)),
        ...ofType(deployment, 'AWS::CodeBuild::Project').map(([, { Properties }]) =>
          flat(at(Properties.Environment, 'Type')).startsWith('ARM') ? 'linux/arm64' : 'linux/amd64',
        ),
      ];
      return built.length === 0 || built.includes(graviton ? 'linux/arm64' : 'linux/amd64')
        ? []
        : [`${types.join()} with ${built.join()}`];
    },
    violate: (deployment) =>
      deployment.dockerImages.length > 0 &&
      deployment.dockerImages.every((image) => Boolean((image.platform = 'linux/riscv64'))),
  },
  {
    id: 'image-has-a-docker-manifest',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html',
    breaks: '"Unsupported manifest media type application/vnd.oci.image": SageMaker takes no OCI image',
    check: (deployment) =>
      deployment.dockerImages
        .filter(({ outputs }) => !list(outputs).includes('type=docker'))
        .map((image) => JSON.stringify(image)),
    violate: (deployment) =>
      deployment.dockerImages.length > 0 && deployment.dockerImages.every((image) => delete image.outputs),
  },
  {
    id: 'build-in-the-account-has-a-docker-manifest',
    page: 'https://docs.docker.com/build/metadata/attestations/',
    breaks: 'attestations make an OCI index of the image, which SageMaker refuses; the build says so at once',
    check: (deployment) =>
      ofType(deployment, 'AWS::CodeBuild::Project').flatMap(([id, { Properties }]) => {
        const spec = flat(at(Properties.Source, 'BuildSpec'));
        return spec.includes('BUILDX_NO_DEFAULT_ATTESTATIONS=1') &&
          spec.includes('--output type=docker') &&
          spec.includes('imageManifestMediaType')
          ? []
          : [id];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::CodeBuild::Project', (project) => {
        project.Source = { BuildSpec: 'docker build .' };
        return true;
      }),
  },
  {
    id: 'repository-keeps-what-serves',
    page: 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html',
    breaks: 'a live or retained generation loses its image, and no instance can start',
    check: (deployment) =>
      ofType(deployment, 'AWS::ECR::Repository')
        .filter(([, { Properties }]) =>
          /"tagStatus":"(any|tagged)"/.test(flat(at(Properties.LifecyclePolicy, 'LifecyclePolicyText'))),
        )
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::ECR::Repository', (repository) => {
        repository.LifecyclePolicy = { LifecyclePolicyText: '{"rules":[{"selection":{"tagStatus":"any"}}]}' };
        return true;
      }),
  },
  {
    id: 'batch-payload',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html',
    breaks: 'payload by concurrency is at most 100 MB',
    check: (deployment) =>
      transforms(deployment)
        .filter(
          ({ MaxConcurrentTransforms: at1, MaxPayloadInMB: mb }) =>
            !(Number(at1) >= 1 && Number(at1) * Number(mb) <= 100),
        )
        .map((job) => JSON.stringify(job)),
    violate: (deployment) => changeTransform(deployment, (job) => void (job.MaxPayloadInMB = 100)),
  },
  {
    id: 'batch-instance-type',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html',
    breaks: 'batch transform has no Graviton and not every x86 family',
    check: (deployment) =>
      transforms(deployment)
        .map((job) => flat(at(job.TransformResources, 'InstanceType')))
        .filter((type) => !instanceType(type).batchTransform),
    violate: (deployment) =>
      changeTransform(deployment, (job) => void (job.TransformResources = { InstanceType: 'ml.c7g.large' })),
  },
  {
    id: 'batch-has-no-key-on-local-disks',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html',
    breaks: 'CreateTransformJob fails: no VolumeKmsKeyId with local storage',
    check: (deployment) =>
      transforms(deployment)
        .filter((job) => at(job.TransformResources, 'VolumeKmsKeyId') !== undefined)
        .map((job) => flat(at(job.TransformResources, 'InstanceType')))
        .filter((type) => LOCAL_DISKS.test(type)),
    violate: (deployment) =>
      changeTransform(
        deployment,
        (job) => void (job.TransformResources = { InstanceType: 'ml.m5d.large', VolumeKmsKeyId: 'k' }),
      ),
  },
  {
    id: 'batch-is-under-the-own-key',
    page: `${guide}/encryption-at-rest.html`,
    breaks: 'ownKey was asked for, and answers or volumes of batches lie under another key',
    check: (deployment) =>
      deployment.ownKey
        ? transforms(deployment)
            .filter(
              (job) =>
                at(job.TransformResources, 'VolumeKmsKeyId') === undefined ||
                at(job.TransformOutput, 'KmsKeyId') === undefined,
            )
            .map(() => 'no key')
        : [],
    violate: (deployment) =>
      deployment.ownKey && changeTransform(deployment, (job) => void (job.TransformOutput = {})),
  },
  {
    id: 'batch-times-out',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html',
    breaks: 'a line is waited for 3,600 s at most, with 3 retries',
    check: (deployment) =>
      transforms(deployment)
        .map(({ ModelClientConfig }) => ModelClientConfig)
        .filter(
          (config) =>
            !(
              Number(at(config, 'InvocationsTimeoutInSeconds')) <= 3600 &&
              Number(at(config, 'InvocationsMaxRetries')) <= 3
            ),
        )
        .map((config) => JSON.stringify(config)),
    violate: (deployment) =>
      changeTransform(
        deployment,
        (job) => void (job.ModelClientConfig = { InvocationsTimeoutInSeconds: 4000 }),
      ),
  },
  {
    id: 'batch-job-name-fits',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html',
    breaks: 'a job has 63 characters; an execution is named by a UUID of 36',
    check: (deployment) =>
      transforms(deployment)
        .map((job) => /States\.Format\('(.*)\{\}'/.exec(flat(job['TransformJobName.$']))?.[1] ?? '')
        .filter((prefix) => prefix.length === 0 || prefix.length + 36 > 63),
    violate: (deployment) =>
      changeTransform(
        deployment,
        (job) => void (job['TransformJobName.$'] = `States.Format('${'x'.repeat(40)}-{}', $)`),
      ),
  },
  {
    id: 'state-machine-logs-no-data',
    page: 'https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html',
    breaks: 'inputs of executions lie in the log',
    check: (deployment) =>
      ofType(deployment, MACHINE)
        .filter(([, { Properties }]) => at(Properties.LoggingConfiguration, 'IncludeExecutionData') !== false)
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, MACHINE, (machine) => {
        machine.LoggingConfiguration = { IncludeExecutionData: true };
        return true;
      }),
  },
  {
    id: 'function-reserves-what-was-asked',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html',
    breaks: 'an account with a limit of 10 has none to reserve: the whole stack is rolled back',
    check: (deployment) =>
      callers(deployment)
        .filter(
          ([, { Properties }]) => Properties.ReservedConcurrentExecutions !== deployment.reservedConcurrency,
        )
        .map(([id]) => id),
    violate: (deployment) =>
      changeCaller(deployment, (properties) => void (properties.ReservedConcurrentExecutions = 10)),
  },
  {
    id: 'function-knows-how-to-call',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html',
    breaks: 'the call lacks its component, target model or S3 location, and is refused',
    check: (deployment) => {
      const wanted = {
        'real-time': undefined,
        serverless: 'RERANKER_PAYLOAD_LIMIT_BYTES',
        asynchronous: 'RERANKER_INPUT_LOCATION',
        'multi-model': 'RERANKER_TARGET_MODEL',
        'inference-components': 'RERANKER_INFERENCE_COMPONENT',
      }[deployment.mode];
      return wanted === undefined
        ? []
        : callers(deployment)
            .filter(([, { Properties }]) => at(Properties.Environment, 'Variables', wanted) === undefined)
            .map(([id]) => `${id} lacks ${wanted}`);
    },
    violate: (deployment) =>
      deployment.mode !== 'real-time' &&
      changeCaller(
        deployment,
        (properties) => void (properties.Environment = { Variables: { RERANKER_ENDPOINT_NAME: 'x' } }),
      ),
  },
  {
    id: 'function-calls-a-component-there-is',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html',
    breaks: 'the function calls a component of another name',
    check: (deployment) => {
      const names = ofType(deployment, 'AWS::SageMaker::InferenceComponent').map(([, { Properties }]) =>
        flat(Properties.InferenceComponentName),
      );
      return (
        callers(deployment)
          .map(([, { Properties }]) => at(Properties.Environment, 'Variables'))
          // An endpoint that exists already is known by its name, and has components of its own.
          .filter((variables) => typeof at(variables, 'RERANKER_ENDPOINT_NAME') === 'object')
          .map((variables) => at(variables, 'RERANKER_INFERENCE_COMPONENT'))
          .filter((name) => name !== undefined && names.length > 0 && !names.includes(flat(name)))
          .map(flat)
      );
    },
    violate: (deployment) =>
      deployment.mode === 'inference-components' &&
      changeCaller(deployment, ({ Environment }) => {
        Object.assign(at(Environment, 'Variables') as Json, { RERANKER_INFERENCE_COMPONENT: 'elsewhere' });
      }),
  },
  {
    id: 'function-keeps-what-failed',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html',
    breaks: 'asynchronous calls that fail three times are lost',
    check: (deployment) =>
      callers(deployment)
        .filter(([, { Properties }]) => Properties.DeadLetterConfig === undefined)
        .map(([id]) => id),
    violate: (deployment) =>
      changeCaller(deployment, (properties) => void delete properties.DeadLetterConfig),
  },
  {
    id: 'api-is-authorized',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html',
    breaks: 'everybody may call, at our cost',
    check: (deployment) =>
      ofType(deployment, 'AWS::ApiGatewayV2::Route')
        .filter(([, { Properties }]) => !['AWS_IAM', 'JWT'].includes(flat(Properties.AuthorizationType)))
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::ApiGatewayV2::Route', (route) => {
        route.AuthorizationType = 'NONE';
        return true;
      }),
  },
  {
    id: 'api-is-throttled-and-logged',
    page: 'https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html',
    breaks: 'one caller takes all, and nobody sees who',
    check: (deployment) =>
      ofType(deployment, 'AWS::ApiGatewayV2::Stage')
        .filter(
          ([, { Properties }]) =>
            !(Number(at(Properties.DefaultRouteSettings, 'ThrottlingRateLimit')) > 0) ||
            Properties.AccessLogSettings === undefined,
        )
        .map(([id]) => id),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::ApiGatewayV2::Stage', (stage) => delete stage.AccessLogSettings),
  },
  {
    id: 'template-fits',
    page: 'https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html',
    breaks: 'a template has 500 resources, 200 outputs and 1 MB',
    check: (deployment) => {
      const size = JSON.stringify(deployment.resources).length;
      return Object.keys(deployment.resources).length <= 500 &&
        Object.keys(deployment.outputs).length <= 200 &&
        size <= 1_000_000
        ? []
        : [`${size} bytes`];
    },
    violate: (deployment) =>
      Boolean(
        (deployment.resources.Large = { Type: 'AWS::SNS::Topic', Properties: { x: 'x'.repeat(1_000_001) } }),
      ),
  },
  {
    id: 'taggable-resources-are-tagged',
    page: 'https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html',
    breaks: 'nobody knows whose an endpoint is, or what it costs',
    check: (deployment) =>
      deployment.label.startsWith('foreign')
        ? []
        : ['AWS::SageMaker::Endpoint', 'AWS::SageMaker::Model', 'AWS::SageMaker::EndpointConfig'].flatMap(
            (type) =>
              ofType(deployment, type)
                .filter(
                  ([, { Properties }]) =>
                    !JSON.stringify(Properties.Tags ?? []).includes('reranker:environment'),
                )
                .map(([id]) => id),
          ),
    violate: (deployment) =>
      !deployment.label.startsWith('foreign') &&
      changeFirst(deployment, 'AWS::SageMaker::Endpoint', (endpoint) => delete endpoint.Tags),
  },
];
