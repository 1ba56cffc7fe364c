import path from 'node:path';
import type { Node } from 'constructs';
import {
  ModelError,
  VARIANT_IDS,
  type VariantId,
  isVariantId,
  manifestFigures,
  readManifestSync,
} from '@sagemaker-reranker/models';
import { Faults } from '../common/configuration-error.js';
import { HOSTING_MODES, modeOf, WHY, type Hosting } from '../hosting/hosting.js';
import { instanceTypes } from '../sizing/instance-types.js';
import { resourceName } from '../model/reranker-model.js';
import { ContextReader } from './context-reader.js';

/** Where the image comes from: built here, built in the account, or already in the account's ECR. */
export type ImageSource =
  | { readonly kind: 'local' }
  | { readonly kind: 'codebuild' }
  | { readonly kind: 'repository'; readonly repository: string; readonly tagOrDigest: string };

/** What `cdk.json` context, or `-c KEY=VALUE`, says about the deployment. */
export interface DeploymentContext {
  /** Names of the models, in those of endpoint and stack: one, or several with a hosting that serves several. */
  readonly names: readonly string[];
  /** The published variants that are asked for; none where model directories say what they hold. */
  readonly variants: readonly VariantId[];
  /** Model directories in the order of the names; empty for the embedded model, which ships with the package. */
  readonly modelDirectories: readonly string[];
  readonly hosting: Hosting;
  readonly image: ImageSource;
  /** Whether the instances run in a VPC without internet, made by the stack. */
  readonly isolatedNetwork: boolean;
  /** Zones of that VPC's subnets; the first two of the region when empty. */
  readonly availabilityZones: readonly string[];
  /** Whether to encrypt volumes, captured data and asynchronous answers with a key of the stack's own. */
  readonly ownKey: boolean;
  /** Address that is sent the alarms. */
  readonly alarmEmail?: string;
  /** Price of an instance in USD an hour, for the dashboard. */
  readonly usdPerInstanceHour?: number;
  /** What is built for callers besides the endpoint. */
  readonly consumers: readonly Consumer[];
  readonly environment: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** A function that calls the endpoint, an HTTP API before it, a state machine for batches. */
export type Consumer = 'function' | 'api' | 'batch';
const CONSUMERS: readonly Consumer[] = ['function', 'api', 'batch'];

/** Keys that every hosting mode knows. */
const COMMON_KEYS = [
  'variant',
  'modelDirectory',
  'hosting',
  'image',
  'availabilityZones',
  'alarmEmail',
  'consumers',
  'environment',
  'tags',
];
/** All that the context may hold for this app; the CDK's own keys have an @ or a colon, or are cli-telemetry. */
export const CONTEXT_KEYS: readonly string[] = [
  ...new Set([...COMMON_KEYS, ...HOSTING_MODES.flatMap((mode) => modeOf(mode).contextKeys)]),
];

/** A key that is nearly one of ours is a slip of the pen, which would be ignored. */
function refuseSlips(node: Node, faults: Faults): void {
  const plain = (key: string) => key.toLowerCase().replace(/[^a-z]|s$/g, '');
  for (const key of Object.keys(node.getAllContext() as object)) {
    if (CONTEXT_KEYS.includes(key)) continue;
    const meant = CONTEXT_KEYS.find((known) => plain(known) === plain(key));
    faults.require(meant === undefined, `${key} is no key; ${meant} is`);
  }
}

/** The hosting that the context asks for; what a mode does not know is a fault, never ignored. */
function readHosting(context: ContextReader): Hosting {
  const mode = context.oneOf('hosting', HOSTING_MODES, 'real-time');
  for (const key of CONTEXT_KEYS.filter((each) => !COMMON_KEYS.includes(each))) {
    const modes = HOSTING_MODES.filter((each) => modeOf(each).contextKeys.includes(key));
    context.faults.require(
      [undefined, 'false'].includes(context.text(key)) || modes.includes(mode),
      `${key} has no meaning with hosting=${mode}${WHY[key] ?? ''}; it belongs to ${modes.join(', ')}`,
    );
  }
  return modeOf(mode).fromContext(context);
}

/**
 * Reads and checks the context.
 * @throws ConfigurationError naming every key at fault with what is allowed.
 */
export function readContext(node: Node): DeploymentContext {
  const faults = new Faults();
  const context = new ContextReader(node, faults);
  refuseSlips(node, faults);
  const modelDirectories = context.list('modelDirectory').map((directory) => path.resolve(directory));
  const asked = context.list('variant');
  const variants = asked.length + modelDirectories.length > 0 ? asked : ['embedded'];
  for (const variant of variants) {
    faults.require(
      isVariantId(variant),
      `variant is "${variant}"; it must be one of ${VARIANT_IDS.join(', ')}, or several with commas`,
    );
  }
  const names = variants.length > 0 ? variants : modelDirectories.flatMap((each) => nameIn(each, faults));
  const hosting = readHosting(context);
  faults.require(
    names.length <= 1 || modeOf(hosting.mode).manyModels,
    `${variants.length > 0 ? 'variant' : 'modelDirectory'} names ${names.length}; hosting=${hosting.mode} serves one, ${HOSTING_MODES.filter((mode) => modeOf(mode).manyModels).join(' and ')} serve several`,
  );
  const shipped = variants.length === 1 && variants[0] === 'embedded';
  faults.require(
    variants.length === 0 ||
      !variants.every(isVariantId) ||
      modelDirectories.length === variants.length ||
      (shipped && modelDirectories.length === 0),
    `modelDirectory names ${modelDirectories.length} for ${variants.join(', ')}; each variant needs the directory that "reranker models" wrote, in the same order, for example -c variant=tiny -c modelDirectory=build/tiny, or the directory alone; only the embedded variant ships with the package`,
  );
  const environment = context.text('environment') ?? 'dev';
  faults.require(
    /^[a-z](-?[a-z0-9]){0,19}$/.test(environment),
    `environment is "${environment}"; it must be 1 to 20 lower-case letters, digits and single hyphens, a letter first`,
  );
  const isolatedNetwork = context.flag('isolatedNetwork');
  const availabilityZones = context.list('availabilityZones');
  faults.require(
    isolatedNetwork || availabilityZones.length === 0,
    'availabilityZones has no meaning without isolatedNetwork=true, whose subnets it places',
  );
  const alarmEmail = context.text('alarmEmail');
  faults.require(
    alarmEmail === undefined || /^[^@\s]+@[^@\s]+$/.test(alarmEmail),
    `alarmEmail is "${alarmEmail}"; it must be an address`,
  );
  const consumers = context.list('consumers');
  for (const consumer of consumers) {
    faults.require(
      CONSUMERS.includes(consumer as Consumer),
      `consumers names "${consumer}"; it may hold ${CONSUMERS.join(', ')}`,
    );
  }
  const image = readImage(context);
  const type = 'instanceType' in hosting ? hosting.instanceType : undefined;
  const graviton = instanceTypes().some((each) => each.name === type && each.architecture === 'arm64');
  faults.require(
    !(graviton && image.kind === 'repository' && consumers.includes('batch')),
    `image is one image, for ${type}, which is Graviton, and consumers=batch runs on x86-64: take an x86 type, or image=codebuild or local, which builds both`,
  );
  const name = endpointName({ names, environment, hosting });
  faults.require(
    name.length <= 63,
    `the endpoint's name, ${name}, has ${name.length} characters; SageMaker takes 63: shorten environment`,
  );
  const result: DeploymentContext = {
    names,
    variants: variants as VariantId[],
    modelDirectories,
    hosting,
    image,
    isolatedNetwork,
    availabilityZones,
    ownKey: context.flag('ownKey'),
    alarmEmail,
    usdPerInstanceHour: context.number('usdPerInstanceHour'),
    consumers: consumers as Consumer[],
    environment,
    tags: readTags(context),
  };
  faults.throwIfAny('cdk.json context');
  return result;
}

/** The endpoint's name: model and environment, and the mode, since SageMaker cannot change that of an endpoint. */
export function endpointName({ names, environment, hosting }: Named): string {
  return ['reranker', ...names, environment, modeOf(hosting.mode).suffix].filter(Boolean).join('-');
}

/** The stack's name; the mode is part of it for the same reason. */
export function stackName({ names, environment, hosting }: Named): string {
  return ['reranker', environment, ...names, modeOf(hosting.mode).suffix].filter(Boolean).join('-');
}

interface Named {
  readonly names: readonly string[];
  readonly environment: string;
  readonly hosting: Hosting;
}

/** The name in a directory's manifest, as a part of AWS's names. */
function nameIn(directory: string, faults: Faults): string[] {
  try {
    return [resourceName(manifestFigures(readManifestSync(directory)).name)];
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    faults.add(`modelDirectory: ${error.message}`);
    return [];
  }
}

/** `local`, `codebuild`, `repository:tag` or `repository@sha256:digest`. */
function readImage(context: ContextReader): ImageSource {
  const value = context.text('image') ?? 'local';
  if (value === 'local' || value === 'codebuild') return { kind: value };
  const [, repository, tag, digest] =
    /^([a-z0-9][a-z0-9._/-]*)(?::([\w.-]+)|@(sha256:[0-9a-f]{64}))$/.exec(value) ?? [];
  if (repository !== undefined) return { kind: 'repository', repository, tagOrDigest: tag ?? digest! };
  context.faults.add(
    `image is "${value}"; it must be local, codebuild, or REPOSITORY:TAG or REPOSITORY@sha256:DIGEST of a repository in this account's ECR`,
  );
  return { kind: 'local' };
}

/** Tags as an object in cdk.json, or `key=value,key=value` after -c. */
function readTags(context: ContextReader): Record<string, string> {
  const value = context.raw('tags');
  if (value === undefined || value === '') return {};
  const pairs =
    typeof value === 'string'
      ? value.split(',').map((pair) => pair.split(/=(.*)/s).slice(0, 2))
      : typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.entries(value)
        : undefined;
  if (!pairs || pairs.some(([key, tag]) => !key?.trim() || typeof tag !== 'string')) {
    context.faults.add('tags must be an object of strings in cdk.json, or key=value,key=value after -c');
    return {};
  }
  return Object.fromEntries(pairs.map(([key, tag]) => [String(key).trim(), String(tag)]));
}
