import { Token } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Faults } from '../common/configuration-error.js';
import {
  HOSTING_MODES,
  modeOf,
  planHosting,
  type Hosting,
  type ManyModelHosting,
  type PlannedHosting,
  type SingleModelHosting,
} from '../hosting/hosting.js';
import { RerankerImage } from '../image/reranker-image.js';
import { RerankerModel } from '../model/reranker-model.js';
import { checkMonitoring, type MonitoringSettings } from '../monitoring/endpoint-monitoring.js';

/** What an endpoint of any mode takes. */
export interface EndpointSettings {
  /**
   * Name callers invoke: 1 to 63 lower-case letters, digits and single hyphens. It is fixed for the endpoint's life: a new name is a
   * new endpoint.
   * @default derived from the construct's path
   */
  readonly endpointName?: string;
  /**
   * The container image.
   * @default built from the files that ship with this package, for the platform of the instance type
   */
  readonly image?: RerankerImage;
  /**
   * Environment of the container, over the settings that hosting implies; 1,024 characters a key or value at most.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Role that SageMaker runs the containers with. It is given what they need, and must trust `sagemaker.amazonaws.com`.
   * @default a new one for every generation of image and model
   */
  readonly role?: IRole;
  /**
   * Whether an update keeps the previous model, endpoint config and role, so that the endpoint can be pointed back to
   * them at once. They cost nothing; docs/runbook.md says how to prune them.
   * @default true
   */
  readonly retainPrevious?: boolean;
  /**
   * Log retention, alarms and dashboard.
   * @default a new topic without subscribers, 1 % errors, 5 seconds at the 99th percentile, logs kept for a month
   */
  readonly monitoring?: MonitoringSettings;
}

/** An endpoint that serves one model. */
export interface SingleModelEndpointProps extends EndpointSettings {
  /**
   * The model to serve.
   * @default the demonstration model that ships with this package
   */
  readonly model?: RerankerModel;
  /**
   * How it is hosted.
   * @default `{ mode: 'real-time' }` on the recommended instance type
   */
  readonly hosting?: SingleModelHosting;
  readonly models?: never;
}

/** An endpoint that serves several models. */
export interface ManyModelEndpointProps extends EndpointSettings {
  /** The models to serve, each of another variant; callers choose by the variant's name. */
  readonly models: readonly RerankerModel[];
  /** How they are hosted. */
  readonly hosting: ManyModelHosting;
  readonly model?: never;
}

export type RerankerEndpointProps = SingleModelEndpointProps | ManyModelEndpointProps;

/** Props that can be deployed, with their defaults. */
interface CheckedProps {
  readonly image: RerankerImage;
  readonly plan: PlannedHosting;
}

const ENDPOINT_NAME = /^[a-z0-9](-?[a-z0-9]){0,62}$/;

/**
 * Checks all props together.
 * @param subject Path of the construct, for the message.
 * @param region Of the stack, where it is known.
 * @throws ConfigurationError naming every fault.
 */
export function checkProps(subject: string, props: RerankerEndpointProps, region: string): CheckedProps {
  const faults = new Faults();
  const hosting: Hosting = props.hosting ?? { mode: 'real-time' };
  faults.collect(() => modeOf(hosting.mode));
  faults.throwIfAny(`RerankerEndpoint ${subject}`);
  const missing = Token.isUnresolved(region) ? undefined : modeOf(hosting.mode).missingIn?.(region);
  faults.require(missing === undefined, `hosting: ${missing}`);
  const models =
    props.models ??
    [faults.collect(() => props.model ?? RerankerModel.embedded())].filter((model) => !!model);
  const image = faults.collect(() => props.image ?? RerankerImage.fromAsset());
  if (props.models) checkModels(props.models, hosting, faults);
  const plan = models.length > 0 ? faults.collect(() => planHosting(hosting, models)) : undefined;
  checkPlatforms(image, plan, faults);
  checkName(props.endpointName, faults);
  for (const [key, value] of Object.entries(props.environment ?? {})) {
    faults.require(
      key.length <= 1024 && (Token.isUnresolved(value) || value.length <= 1024),
      `environment.${key} is longer than 1,024 characters`,
    );
  }
  faults.require(
    props.monitoring?.usdPerInstanceHour === undefined ||
      modeOf(hosting.mode).published.includes('InvocationsPerInstance'),
    `monitoring.usdPerInstanceHour has no meaning with ${hosting.mode}, whose metrics do not tell instances from invocations`,
  );
  checkMonitoring(props.monitoring, plan?.components ? models.length : 1, faults);
  faults.throwIfAny(`RerankerEndpoint ${subject}`);
  return { image: image!, plan: plan! };
}

function checkModels(models: readonly RerankerModel[], hosting: Hosting, faults: Faults): void {
  faults.require(
    modeOf(hosting.mode).manyModels,
    `models has no meaning with ${hosting.mode}, which serves one: give model; ${HOSTING_MODES.filter((mode) => modeOf(mode).manyModels).join(' and ')} serve several`,
  );
  faults.require(models.length > 0, `models is empty; hosting ${hosting.mode} serves one or more`);
  const variants = models.map(({ name }) => name);
  const twice = variants.filter((variant, i) => variants.indexOf(variant) !== i);
  faults.require(
    twice.length === 0,
    `models holds ${[...new Set(twice)].join(', ')} more than once; callers choose a model by its name`,
  );
}

/** An image that is pushed already is of one platform; those that are built are built for each. */
function checkPlatforms(
  image: RerankerImage | undefined,
  plan: PlannedHosting | undefined,
  faults: Faults,
): void {
  if (!plan || image === undefined || image.purpose !== undefined) return;
  const variants = [...plan.variants, ...(plan.shadow ? [plan.shadow] : [])];
  const found = new Map(variants.map(({ architecture, instance }) => [architecture, instance?.name]));
  faults.require(
    found.size <= 1,
    `image is of one platform, and the variants run on ${[...found.values()].join(' and ')}: take types of one architecture, or RerankerImage.fromAsset or fromCodeBuild, which build both`,
  );
}

function checkName(name: string | undefined, faults: Faults): void {
  if (name === undefined || Token.isUnresolved(name)) return;
  faults.require(
    ENDPOINT_NAME.test(name),
    `endpointName "${name}" must be 1 to 63 lower-case letters, digits and single hyphens between them: SageMaker lower-cases it in the ARN that policies are matched with`,
  );
}
