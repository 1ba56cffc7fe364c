import { AwsAnswer, type Aws } from './aws.js';
import type { RehearsalState } from './state.js';

/** Instances that a rehearsal has at most at once: two, and two more beside them during an update. */
const INSTANCES = 4;

/** Reads that the steps begin with, one for each service. */
const READS: readonly (readonly [service: string, operation: string, ...args: string[]])[] = [
  ['cloudformation', 'list-stacks', '--max-items', '1'],
  ['cloudwatch', 'describe-alarms', '--max-items', '1'],
  ['sqs', 'list-queues', '--max-items', '1'],
  ['iam', 'list-roles', '--max-items', '1'],
  [
    'application-autoscaling',
    'describe-scalable-targets',
    '--service-namespace',
    'sagemaker',
    '--max-items',
    '1',
  ],
];

/** What must be right before anything is created. */
export interface Preflight {
  readonly account: string;
  readonly faults: readonly string[];
}

/**
 * Looks for whatever would stop a rehearsal half-way: credentials, permissions, the service in the region, quotas, the
 * bootstrap, names in use. It creates nothing.
 * @param earlier What an interrupted rehearsal left: its names are its own.
 */
export async function preflight(
  aws: Aws,
  stacks: readonly string[],
  instanceTypes: readonly string[],
  earlier: RehearsalState | undefined,
): Promise<Preflight> {
  const identity = await identify(aws);
  if (typeof identity === 'string') return { account: '', faults: [identity] };
  const { Account: account } = identity;
  const faults: string[] = [];
  const note = (fault: string | undefined) => {
    if (fault !== undefined) faults.push(fault);
  };
  if (earlier && earlier.account !== account) {
    note(
      `the state file is of account ${earlier.account}, the credentials are of ${account}: name another file with --state`,
    );
  }
  const service = await endpointsOf(aws);
  note(service);
  if (service === undefined) {
    for (const [name, operation, ...args] of READS) note(await mayRead(aws, name, operation, args));
    for (const type of instanceTypes) note(await quota(aws, type));
    note(await bootstrapped(aws));
    for (const stack of stacks) if (!earlier?.stacks.includes(stack)) note(await free(aws, stack));
  }
  return { account, faults };
}

async function identify(aws: Aws): Promise<{ Account: string } | string> {
  const { status, stderr } = await aws.shell.run(['aws', '--version']);
  if (status !== 0)
    return `the AWS CLI is needed: ${stderr.trim() || 'aws --version fails'}; https://aws.amazon.com/cli/`;
  try {
    return await aws.call<{ Account: string }>('sts', 'get-caller-identity');
  } catch (error) {
    return `no credentials: ${words(error)}; set a profile (AWS_PROFILE) or sign in (aws sso login)`;
  }
}

async function endpointsOf(aws: Aws): Promise<string | undefined> {
  try {
    await aws.call('sagemaker', 'list-endpoints', '--max-items', '1');
    return undefined;
  } catch (error) {
    if (error instanceof AwsAnswer && error.denied)
      return `no permission for sagemaker:ListEndpoints: ${error.answer}`;
    return `SageMaker does not answer in ${aws.region}: ${words(error)}; choose another with --region`;
  }
}

async function mayRead(
  aws: Aws,
  service: string,
  operation: string,
  args: readonly string[],
): Promise<string | undefined> {
  try {
    await aws.call(service, operation, ...args);
    return undefined;
  } catch (error) {
    return `no permission for ${service} ${operation}: ${words(error)}`;
  }
}

async function quota(aws: Aws, type: string): Promise<string | undefined> {
  const name = `${type} for endpoint usage`;
  try {
    const { Quotas } = await aws.call<{ Quotas: { QuotaName: string; Value: number; QuotaCode: string }[] }>(
      'service-quotas',
      'list-service-quotas',
      '--service-code',
      'sagemaker',
    );
    const found = Quotas.find(({ QuotaName }) => QuotaName === name);
    if (!found || found.Value >= INSTANCES) return undefined;
    return `quota "${name}" is ${found.Value}; ${INSTANCES} are needed, as an update has two fleets: aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code ${found.QuotaCode} --desired-value ${INSTANCES}`;
  } catch (error) {
    return `the quota "${name}" cannot be read: ${words(error)}`;
  }
}

async function bootstrapped(aws: Aws): Promise<string | undefined> {
  try {
    const stack = await aws.find('cloudformation', 'describe-stacks', '--stack-name', 'CDKToolkit');
    return stack === undefined
      ? `the account is not bootstrapped in ${aws.region}: npx cdk bootstrap`
      : undefined;
  } catch (error) {
    return `no permission for cloudformation describe-stacks: ${words(error)}`;
  }
}

async function free(aws: Aws, stack: string): Promise<string | undefined> {
  try {
    const found = await aws.find('cloudformation', 'describe-stacks', '--stack-name', stack);
    return found === undefined
      ? undefined
      : `stack ${stack} exists already; choose another name with --environment`;
  } catch (error) {
    return `no permission for cloudformation describe-stacks: ${words(error)}`;
  }
}

function words(error: unknown): string {
  const text =
    error instanceof AwsAnswer ? error.answer : error instanceof Error ? error.message : String(error);
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1) ?? text
  );
}
