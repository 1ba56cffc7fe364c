import { readFileSync } from 'node:fs';
import path from 'node:path';
import { App, Stack, type Environment } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import fc from 'fast-check';
import {
  ConfigurationError,
  HOSTING_MODES,
  RerankerBatch,
  RerankerEndpoint,
  RerankerFunction,
  RerankerImage,
  RerankerModel,
  RerankerStack,
  instanceType,
  instanceTypes,
  readContext,
  type Hosting,
  type HostingMode,
  type Precision,
  variantFigures,
} from '@sagemaker-reranker/infra';
import type { VariantId } from '@sagemaker-reranker/models';
import { buildContext, modelDirectory, temporaryDirectory } from '../support/fixtures.js';
import { LOCAL_DISKS, type CfnResource, type Deployment, type Json } from './deployment.js';

const ACCOUNT = '111122223333';

/** What is asked of a deployment. */
export interface Drawn {
  readonly mode: HostingMode;
  readonly variants: readonly VariantId[];
  readonly precision: Precision;
  readonly instanceType?: string;
  readonly counts: { readonly min: number; readonly more: number; readonly scaled: boolean };
  readonly ownKey: boolean;
  readonly isolated: boolean;
  readonly zones: readonly string[];
  readonly capture: boolean;
  readonly image: 'local' | 'codebuild' | 'repository';
  readonly consumers: readonly string[];
  readonly region?: string;
  readonly production: boolean;
  readonly mail: boolean;
  /** Whether the CDK's recommended flags are on, as cdk.json has them; apps of others may have none. */
  readonly flags: boolean;
  readonly workers?: number;
  readonly provisioned?: number;
}

const FLAGS = Object.fromEntries(
  Object.entries(
    (JSON.parse(readFileSync(path.resolve(__dirname, '../../../cdk.json'), 'utf8')) as { context: Json })
      .context,
  ).filter(([name]) => name.startsWith('@')),
);

const large = instanceTypes().filter((type) => type.memoryMib >= 8192 && type.vcpus <= 64);
const types = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(...large.map(({ name }) => name)),
  fc.constantFrom(...large.filter(({ architecture }) => architecture === 'arm64').map(({ name }) => name)),
  fc.constantFrom(...large.map(({ name }) => name).filter((name) => LOCAL_DISKS.test(name))),
  fc.constantFrom(...large.filter(({ burstable }) => burstable).map(({ name }) => name)),
);
const regions = [
  'eu-west-1',
  'us-east-1',
  'ap-southeast-2',
  'ca-west-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-west-1',
];
/** Where CloudFormation has no inference components, of these. */
const WITHOUT_COMPONENTS = /^(cn|us-gov|ca-west)-/;

export const drawn: fc.Arbitrary<Drawn> = fc.constantFrom(...HOSTING_MODES).chain((mode) =>
  fc.record<Drawn>({
    mode: fc.constant(mode),
    variants: several(mode)
      ? fc.subarray<VariantId>(['base', 'turbo', 'tiny', 'embedded'], { minLength: 1, maxLength: 3 })
      : fc.constantFrom<VariantId[]>(['base'], ['turbo'], ['tiny'], ['embedded']),
    precision: fc.constantFrom('int8', 'fp32'),
    instanceType: mode === 'serverless' ? fc.constant(undefined) : types,
    counts: fc.record({
      min: fc.integer({ min: 0, max: 3 }),
      more: fc.integer({ min: 0, max: 3 }),
      scaled: fc.boolean(),
    }),
    ownKey: fc.boolean(),
    isolated: fc.boolean(),
    zones: fc.constantFrom([], ['b', 'c']),
    capture: fc.boolean(),
    image: fc.constantFrom('local', 'codebuild', 'repository'),
    consumers: fc.subarray(['function', 'api', 'batch']),
    region: fc.option(fc.constantFrom(...regions), { nil: undefined }),
    production: fc.boolean(),
    mail: fc.boolean(),
    flags: fc.boolean(),
    workers: mode === 'serverless' ? fc.constant(undefined) : fc.constantFrom(undefined, undefined, 1, 2),
    provisioned: mode === 'serverless' ? fc.constantFrom(undefined, 1, 5) : fc.constant(undefined),
  }),
);

function several(mode: HostingMode): boolean {
  return mode === 'multi-model' || mode === 'inference-components';
}

/** What a combination cannot do, as the message must say it; undefined where it can be deployed. */
export function refusal({
  mode,
  ownKey,
  isolated,
  instanceType: type,
  counts,
  region,
  image,
  consumers,
}: Drawn): RegExp | undefined {
  const otherwise =
    image === 'codebuild' && region === 'ca-west-1'
      ? /CloudFormation has no CodeBuild projects in ca-west-1/
      : undefined;
  if (mode === 'serverless') {
    if (ownKey) return /ownKey has no meaning with hosting=serverless/;
    if (isolated)
      return /isolatedNetwork has no meaning with hosting=serverless, since SageMaker refuses a VPC/;
    return otherwise;
  }
  const graviton = type !== undefined && instanceType(type).architecture === 'arm64';
  if (graviton && image === 'repository' && consumers.includes('batch'))
    return /image is one image, .* and consumers=batch runs on x86-64: take an x86 type/;
  if (mode === 'inference-components' && WITHOUT_COMPONENTS.test(region ?? ''))
    return /CloudFormation has no inference components in .*take multi-model/;
  const burstable = type !== undefined && instanceType(type).burstable;
  const scaled = mode === 'asynchronous' ? counts.more > 0 : mode !== 'inference-components' && counts.scaled;
  if (ownKey && type !== undefined && LOCAL_DISKS.test(type))
    return /SageMaker refuses a key for volumes on types with local disks/;
  if (burstable && scaled) return /burstable/;
  return otherwise;
}

const directories = new Map<VariantId, string>();
let dockerfile: string | undefined;

/** The context that `-c` would give. */
function contextOf(drawn: Drawn): Json {
  const { mode, counts, zones, isolated } = drawn;
  const min =
    mode === 'asynchronous' || mode === 'inference-components' ? counts.min : Math.max(1, counts.min);
  const max = Math.max(1, min + counts.more);
  const bounds =
    mode === 'asynchronous' || mode === 'inference-components' || counts.scaled
      ? { minInstanceCount: min, maxInstanceCount: max }
      : { initialInstanceCount: Math.max(1, min) };
  return {
    ...(drawn.flags ? FLAGS : {}),
    'aws:cdk:bundling-stacks': [],
    '@aws-cdk/core:validateAgainstDefaultRules': true,
    variant: drawn.variants.join(','),
    modelDirectory: drawn.variants.map((variant) => directoryOf(variant)),
    hosting: mode,
    instanceType: drawn.instanceType,
    workers: drawn.workers,
    provisionedConcurrency: drawn.provisioned,
    ...(mode !== 'serverless' && bounds),
    ownKey: drawn.ownKey || undefined,
    isolatedNetwork: isolated || undefined,
    availabilityZones:
      isolated && drawn.region && mode !== 'serverless' ? zones.map((zone) => `${drawn.region}${zone}`) : [],
    dataCapturePercentage: mode === 'real-time' && drawn.capture ? 10 : undefined,
    image: drawn.image === 'repository' ? 'rerankers:v1' : drawn.image,
    consumers: drawn.consumers.join(','),
    environment: drawn.production ? 'prod' : 'dev',
    alarmEmail: drawn.mail ? 'oncall@example.com' : undefined,
    usdPerInstanceHour: drawn.mail && mode !== 'asynchronous' && mode !== 'serverless' ? 0.2 : undefined,
  };
}

function directoryOf(variant: VariantId): string {
  const known = directories.get(variant) ?? modelDirectory(variant);
  directories.set(variant, known);
  return known;
}

/**
 * The template of a context; its fault where it is refused.
 * @param outdir Shared by all: assets that are the same are staged once.
 */
export function deploy(drawn: Drawn, outdir: string): Deployment | ConfigurationError {
  const context = contextOf(drawn);
  const app = new App({ context, outdir });
  const env: Environment = { account: drawn.region && ACCOUNT, region: drawn.region };
  dockerfile ??= buildContext();
  const image = {
    local: () => RerankerImage.fromAsset({ directory: dockerfile }),
    codebuild: () => RerankerImage.fromCodeBuild({ directory: dockerfile }),
    repository: () => undefined,
  }[drawn.image]();
  try {
    const stack = new RerankerStack(app, 'Stack', { context: readContext(app.node), image, env });
    return synthesized(app, stack, {
      label: JSON.stringify(context),
      mode: drawn.mode,
      region: drawn.region,
      ownKey: drawn.ownKey,
      isolated: drawn.isolated,
      zones: context.availabilityZones as string[],
    });
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
}

type Asked = Pick<
  Deployment,
  'label' | 'mode' | 'region' | 'ownKey' | 'isolated' | 'zones' | 'reservedConcurrency' | 'imported'
>;

/**
 * The CDK's own validation costs a second a template, more than all else: every 24th is put through it, and has to pass.
 */
let count = 0;

function synthesized(app: App, stack: Stack, asked: Asked): Deployment {
  process.env.CDK_VALIDATION = String(count % 24 === 0);
  count += 1;
  const assembly = app.synth({ skipValidation: true, force: true });
  const { Resources, Outputs } = assembly.getStackByName(stack.stackName).template as {
    Resources: Record<string, CfnResource>;
    Outputs?: Record<string, unknown>;
  };
  for (const resource of Object.values(Resources))
    Object.assign(resource, { Properties: resource.Properties ?? {} });
  const assets = JSON.parse(
    readFileSync(path.join(assembly.directory, `${stack.artifactId}.assets.json`), 'utf8'),
  ) as {
    dockerImages?: Record<string, { source: { platform?: string; dockerOutputs?: string[] } }>;
  };
  const dockerImages = Object.values(assets.dockerImages ?? {}).map(({ source }) => ({
    platform: source.platform,
    outputs: source.dockerOutputs,
  }));
  return { ...asked, resources: Resources, outputs: Outputs ?? {}, dockerImages };
}

/** A foreign app: network, key, bucket, role, topic and log groups that are not the construct's. */
export function foreign(index: number, outdir: string): Deployment {
  const mode = HOSTING_MODES[index % HOSTING_MODES.length]!;
  const everywhere = regions[index % regions.length]!;
  const region =
    mode === 'inference-components' && WITHOUT_COMPONENTS.test(everywhere) ? 'eu-central-1' : everywhere;
  const app = new App({
    context: {
      ...(index % 3 === 1 ? FLAGS : {}),
      'aws:cdk:bundling-stacks': [],
      '@aws-cdk/core:validateAgainstDefaultRules': true,
    },
    outdir,
  });
  const stack = new Stack(app, 'Foreign', { env: { account: ACCOUNT, region } });
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov') ? 'aws-us-gov' : 'aws';
  const arn = (rest: string) => `arn:${partition}:${rest}`;
  const imported = {
    bucket: 'team-models',
    key: arn(`kms:${region}:${ACCOUNT}:key/00000000-0000-0000-0000-000000000000`),
  };
  const key = Key.fromKeyArn(stack, 'Key', imported.key);
  const bucket = Bucket.fromBucketAttributes(stack, 'Bucket', {
    bucketName: imported.bucket,
    encryptionKey: key,
  });
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: [`${region}a`, `${region}b`],
    privateSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    privateSubnetRouteTableIds: ['rtb-0123456789abcdef0', 'rtb-0123456789abcdef1'],
  });
  const role =
    index % 2 === 0 ? Role.fromRoleArn(stack, 'Role', arn(`iam::${ACCOUNT}:role/reranker`)) : undefined;
  const alarmTopic =
    index % 3 === 0
      ? new Topic(stack, 'Topic', { enforceSSL: true })
      : Topic.fromTopicArn(stack, 'Topic', arn(`sns:${region}:${ACCOUNT}:alarms`));
  const figures = (variant: VariantId) => variantFigures(variant, 'int8');
  const archive = (variant: VariantId) =>
    RerankerModel.fromBucket(bucket, `models/${variant}.tar.gz`, figures(variant));
  const prefix = (variant: VariantId) =>
    RerankerModel.fromPrefix(bucket, `models/${variant}/`, figures(variant));
  const local = (variant: VariantId) => RerankerModel.fromDirectory(directoryOf(variant));
  const image = RerankerImage.fromRepository(
    Repository.fromRepositoryName(stack, 'Images', 'rerankers'),
    'v1',
  );
  const placed = index % 4 < 2 ? { network: { vpc } } : {};
  const beside: Hosting =
    index % 8 < 4
      ? { mode: 'real-time', ...placed, others: [{ name: 'Turbo', model: archive('turbo'), share: 0.1 }] }
      : {
          mode: 'real-time',
          ...placed,
          initialInstanceCount: 2,
          scaling: {},
          shadow: { name: 'Turbo', model: prefix('turbo'), share: 0.5 },
        };
  const common = {
    image,
    role,
    monitoring: {
      alarmTopic,
      logGroups:
        index % 5 === 1 && mode !== 'inference-components'
          ? [LogGroup.fromLogGroupName(stack, 'Log', '/aws/sagemaker/Endpoints/x')]
          : undefined,
    },
  };
  const endpoint = {
    'real-time': () =>
      new RerankerEndpoint(stack, 'Reranker', {
        ...common,
        model: prefix('tiny'),
        hosting: beside as Extract<Hosting, { mode: 'real-time' }>,
      }),
    serverless: () =>
      new RerankerEndpoint(stack, 'Reranker', {
        ...common,
        model: archive('tiny'),
        hosting: { mode: 'serverless' },
      }),
    asynchronous: () =>
      new RerankerEndpoint(stack, 'Reranker', {
        ...common,
        model: archive('tiny'),
        hosting: { mode: 'asynchronous', ...placed, bucket, encryptionKey: key },
      }),
    'multi-model': () =>
      new RerankerEndpoint(stack, 'Reranker', {
        ...common,
        models: [local('turbo'), local('tiny')],
        hosting: { mode: 'multi-model', ...placed, volumeKey: key },
      }),
    'inference-components': () =>
      new RerankerEndpoint(stack, 'Reranker', {
        ...common,
        models: [prefix('turbo'), archive('tiny')],
        hosting: { mode: 'inference-components', ...placed, volumeKey: key },
      }),
  }[mode]();
  const reservedConcurrency = index % 2 === 0 ? 5 : undefined;
  new RerankerFunction(stack, 'Function', { endpoint, reservedConcurrency });
  const existing = RerankerEndpoint.fromEndpointAttributes(stack, 'Existing', {
    endpointName: 'existing',
    mode,
    exchangeBucket: mode === 'asynchronous' ? bucket : undefined,
    targetModels: mode === 'multi-model' ? ['turbo', 'tiny'] : undefined,
    componentNames: mode === 'inference-components' ? { tiny: 'existing-tiny' } : undefined,
  });
  new RerankerFunction(stack, 'Caller', { endpoint: existing, reservedConcurrency });
  if (index % 2 === 0)
    new RerankerBatch(stack, 'Batch', {
      image,
      model: archive('tiny'),
      bucket,
      encryptionKey: key,
      ...placed,
    });
  return synthesized(app, stack, {
    label: `foreign ${index}: ${mode} in ${region}`,
    mode,
    region,
    ownKey: false,
    isolated: false,
    zones: [],
    reservedConcurrency,
    imported,
  });
}

export const outputDirectory = temporaryDirectory;
