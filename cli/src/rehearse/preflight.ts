import { recommendedInstanceType } from '@sagemaker-reranker/cost';
import { variantFigures } from '@sagemaker-reranker/models';
import { AwsAnswer, words, type Aws } from './aws.js';
import { endpointName, stackName, type CdkApp } from './context.js';
import { DOCKER_MANIFEST, manifestType } from './image.js';
import { leftovers } from './leftovers.js';
import { simulate, type Caller } from './rights.js';
import { findStack } from './stacks.js';
import type { RehearsalState } from './state.js';
import type { Step } from './steps/index.js';

/** What must be right before anything is created. */
export interface Preflight {
  readonly account: string;
  /** What would stop the rehearsal. */
  readonly faults: readonly string[];
  /** What could not be looked at. */
  readonly doubts: readonly string[];
}

/** What is going to be tried. */
export interface Plan {
  readonly environment: string;
  readonly steps: readonly Step[];
  readonly app: CdkApp;
  /** What an interrupted rehearsal left: its names are its own. */
  readonly earlier: RehearsalState | undefined;
}

/**
 * Looks for whatever would stop a rehearsal half-way: credentials, permissions, the service in the region, quotas, the
 * bootstrap, Docker or the image, names in use. It creates nothing.
 */
export async function preflight(aws: Aws, plan: Plan): Promise<Preflight> {
  const caller = await identify(aws);
  if (typeof caller === 'string') return { account: '', faults: [caller], doubts: [] };
  const account = caller.Account;
  if (plan.earlier && plan.earlier.account !== account) {
    const fault = `the state file is of account ${plan.earlier.account}, the credentials are of ${account}: name another file with --state`;
    return { account, faults: [fault], doubts: [] };
  }
  const service = await endpointsOf(aws);
  if (service !== undefined) return { account, faults: [service], doubts: [] };
  const notes = new Notes();
  await Promise.all([
    notes.look('programs', () => programs(aws, plan)),
    notes.look('the image', () => imageThere(aws, plan)),
    notes.look('the quotas of SageMaker', () => quotas(aws, plan)),
    notes.look('the bootstrap', async () =>
      (await findStack(aws, 'CDKToolkit'))
        ? []
        : [
            `the account is not bootstrapped in ${aws.region}: npx cdk bootstrap aws://${account}/${aws.region}`,
          ],
    ),
    notes.look('names in use', () => namesInUse(aws, plan)),
    notes.look('permissions', async () => {
      const { denied, doubt } = await simulate(
        aws,
        caller,
        plan.environment,
        plan.steps.map(({ id }) => id),
      );
      if (doubt !== undefined) notes.doubts.push(doubt);
      return denied;
    }),
  ]);
  return { account, faults: notes.faults, doubts: notes.doubts };
}

/** Collects faults; a look that is refused is a fault, one that fails otherwise is a doubt. */
class Notes {
  readonly faults: string[] = [];
  readonly doubts: string[] = [];

  async look(what: string, find: () => Promise<readonly string[]>): Promise<void> {
    try {
      this.faults.push(...(await find()));
    } catch (error) {
      if (!(error instanceof AwsAnswer)) throw error;
      const { command } = error;
      if (error.denied) this.faults.push(`no permission for "${command}": ${words(error)}`);
      else this.doubts.push(`${what}: "${command}" failed: ${words(error)}`);
    }
  }
}

async function identify(aws: Aws): Promise<Caller | string> {
  const { status, stderr } = await aws.shell.run(['aws', '--version']);
  if (status !== 0)
    return `the AWS CLI is needed: ${stderr.trim() || 'aws --version fails'}; https://aws.amazon.com/cli/`;
  try {
    return await aws.call<Caller>('sts', 'get-caller-identity');
  } catch (error) {
    return `no credentials: ${words(error)}; set a profile (AWS_PROFILE) or sign in (aws sso login)`;
  }
}

async function endpointsOf(aws: Aws): Promise<string | undefined> {
  try {
    await aws.call('sagemaker', 'list-endpoints', { maxItems: 1 });
    return undefined;
  } catch (error) {
    if (error instanceof AwsAnswer && error.denied)
      return `no permission for sagemaker:ListEndpoints: ${words(error)}`;
    return `SageMaker does not answer in ${aws.region}: ${words(error)}; choose another with --region`;
  }
}

async function programs(aws: Aws, { app }: Plan): Promise<string[]> {
  const faults: string[] = [];
  const cdk = await aws.shell.run(['npx', '--no', '--', 'cdk', '--version']);
  if (cdk.status !== 0) faults.push("the CDK's command line is needed: npm install aws-cdk");
  if ((app.context.image ?? 'local') === 'local') {
    const docker = process.env.CDK_DOCKER ?? 'docker';
    if ((await aws.shell.run([docker, 'version'])).status !== 0)
      faults.push(
        `${docker} does not answer, and builds the image: start it, or let the account build it: --context image=codebuild`,
      );
  }
  return faults;
}

/** An image that the context names, which nothing builds. An emulator starts no container, and needs none. */
async function imageThere(aws: Aws, { app }: Plan): Promise<string[]> {
  const image = String(app.context.image ?? 'local');
  if (image === 'local' || image === 'codebuild' || aws.endpointUrl !== undefined) return [];
  const type = await manifestType(aws, image);
  if (type === undefined) return [`image ${image} is not in this account's ECR in ${aws.region}`];
  return type === DOCKER_MANIFEST
    ? []
    : [`image ${image} has a manifest of ${type}; SageMaker takes ${DOCKER_MANIFEST} alone`];
}

/** Instances at once: two, and two more beside them during an update; the second type is changed to, and changed from. */
const INSTANCES = 4;

/** Of the type that the batch of the embedded model runs on, whatever the endpoints' types are: a comparison finds it. */
export const transformQuota = (): string =>
  `${recommendedInstanceType(variantFigures('embedded', 'int8'))} for transform job usage`;

async function quotas(aws: Aws, { steps, app }: Plan): Promise<string[]> {
  const usage = new Set<string>();
  for (const { mode, id } of steps) {
    if (mode !== 'serverless') for (const type of app.instanceTypes) usage.add(`${type} for endpoint usage`);
    if (id === 'batch') usage.add(transformQuota());
  }
  if (usage.size === 0) return [];
  const { Quotas } = await aws.call<{ Quotas: { QuotaName: string; Value: number; QuotaCode: string }[] }>(
    'service-quotas',
    'list-service-quotas',
    { serviceCode: 'sagemaker' },
  );
  return Quotas.flatMap(({ QuotaName, Value, QuotaCode }) => {
    const [needed, otherwise] = QuotaName.includes('transform')
      ? ([1, 'or leave the batch out with --only'] as const)
      : ([INSTANCES, 'or take types that you have with --instance-types'] as const);
    if (!usage.has(QuotaName) || Value >= needed) return [];
    const why = needed === 1 ? '1 is needed' : `${needed} are needed, as an update has two fleets`;
    return `quota "${QuotaName}" is ${Value}; ${why}: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code ${QuotaCode} --desired-value ${needed}; ${otherwise}`;
  });
}

/** Whatever has a name, or the environment's tag, that the rehearsal would take for its own and remove. */
async function namesInUse(aws: Aws, { environment, steps, earlier }: Plan): Promise<string[]> {
  const choose = 'choose another name with --environment';
  const modes = [...new Set(steps.map(({ mode }) => mode))];
  const faults: string[] = [];
  for (const mode of modes) {
    const stack = stackName(environment, mode);
    if (earlier?.stacks.includes(stack)) continue;
    if (await findStack(aws, stack)) faults.push(`stack ${stack} exists already; ${choose}`);
    const group = `/aws/sagemaker/Endpoints/${endpointName(environment, mode)}`;
    const { logGroups } = await aws.call<{ logGroups: { logGroupName: string }[] }>(
      'logs',
      'describe-log-groups',
      { logGroupNamePrefix: group },
    );
    if (logGroups.some(({ logGroupName }) => logGroupName === group))
      faults.push(`log group ${group} exists already: aws logs delete-log-group --log-group-name ${group}`);
  }
  const tagged = earlier ? [] : await leftovers(aws, environment);
  if (tagged.length > 0) {
    const [{ kind, name }] = tagged as [(typeof tagged)[number]];
    faults.push(
      `environment ${environment} is in use: ${tagged.length} things carry its tag, for example ${kind} ${name}, and the rehearsal removes what does; ${choose}`,
    );
  }
  return faults;
}
