import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { REGIONS, usdPerInstanceHour } from '@sagemaker-reranker/cost';
import { Aws } from '../rehearse/aws.js';
import { UsageError } from '@sagemaker-reranker/models';
import type { Context } from '../rehearse/context.js';
import { removeAll } from '../rehearse/leftovers.js';
import { preflight, type Preflight } from '../rehearse/preflight.js';
import {
  chooseSteps,
  estimate,
  openSteps,
  rehearse,
  remaining,
  type RehearsalReport,
} from '../rehearse/rehearsal.js';
import { localShell } from '../rehearse/shell.js';
import { StateFile, type RehearsalState } from '../rehearse/state.js';
import { STEPS, type Step } from '../rehearse/steps/index.js';
import { Command } from '../command.js';
import { right, table } from '../terminal/table.js';
import { json, print, tell } from '../terminal/out.js';
import { wrapped } from '../terminal/text.js';

interface RehearseOptions {
  readonly region?: string;
  readonly environment: string;
  readonly instanceTypes: readonly [string, string];
  readonly context?: Context;
  readonly only?: readonly string[];
  readonly keep?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly state: string;
  readonly cleanUp?: boolean;
}

const COLUMNS = [
  { heading: 'claim' },
  { heading: 'ended' },
  { heading: 'took', align: 'right' as const },
  { heading: 'what was seen', most: 120 },
];

/** `reranker rehearse`: tries in an account what the runbook says. */
export function rehearseCommand(): Command {
  return new Command('rehearse')
    .description(
      "Try the runbook's claims in your AWS account: deploy, call, alarm, roll back, scale, destroy. It says what it will do and cost, asks, and removes what it made. Takes the AWS CLI and the CDK app of @sagemaker-reranker/infra.",
    )
    .option('--region <region>', 'AWS region (default: AWS_REGION)')
    .option('--environment <name>', 'throwaway environment', environmentName, 'rehearsal')
    .option(
      '--instance-types <first,second>',
      'type of the instances, and the one that it is changed to',
      instanceTypes,
      ['ml.c7i.large', 'ml.c6i.large'],
    )
    .option(
      '--context <key=value>',
      'context of every deployment, as image=codebuild; can be given again',
      context,
    )
    .option('--only <ids...>', 'steps to try, with those that they need')
    .option('--keep', 'leave what was made, and print the command that removes it')
    .option('--yes', 'do not ask')
    .option('--json', 'print the report as JSON')
    .option('--state <file>', 'file that remembers what was done and what exists', 'reranker-rehearsal.json')
    .option('--clean-up', 'only remove what an earlier rehearsal left')
    .action(async (options: RehearseOptions) => {
      process.exitCode = await run(options);
    });
}

async function run(options: RehearseOptions): Promise<number> {
  const log = tell;
  const file = new StateFile(path.resolve(options.state));
  const earlier = file.read();
  const region =
    options.region ?? earlier?.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (region === undefined) throw new UsageError('which region? Give --region, or set AWS_REGION');
  if (earlier && (earlier.region !== region || earlier.environment !== options.environment)) {
    throw new UsageError(
      `${file.path} is of a rehearsal in ${earlier.region}, environment ${earlier.environment}; name another file with --state, or remove that one: ${earlier.removeWith}`,
    );
  }
  const interrupt = new AbortController();
  const { AWS_ENDPOINT_URL: endpointUrl } = process.env;
  // The CDK names templates by buckets that are hosts, which an address cannot have below it.
  if (endpointUrl !== undefined)
    process.env.AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION ??= endpointUrl.replace('//127.0.0.1', '//localhost');
  const aws = new Aws(localShell(interrupt.signal, log), region, endpointUrl);
  const cleaner = new Aws(localShell(new AbortController().signal, log), region, endpointUrl);
  if (options.cleanUp) return removeEarlier(cleaner, file, earlier, log);

  const { environment } = options;
  const steps = options.only ? chooseSteps(options.only) : STEPS;
  const app = { command: cdkApp(), instanceTypes: options.instanceTypes, context: options.context ?? {} };
  const looked = await preflight(aws, { environment, steps, app, earlier });
  if (looked.faults.length > 0) {
    throw new UsageError(`nothing was created:\n${looked.faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
  log(wrapped(planText(steps, { ...options, region, endpointUrl }, looked, earlier)));
  if (!options.yes && !(await agreed())) return 1;

  const state = earlier ?? newState(options, looked.account, region);
  // The first ends the step that runs, and then what was made is removed; the second ends that too.
  process.once('SIGINT', () => {
    log(`\ninterrupted; removing what was made. Again to leave it: ${state.removeWith}`);
    interrupt.abort();
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort());
  const report = await rehearse({
    aws,
    cleaner,
    app,
    file,
    state,
    steps,
    keep: options.keep ?? false,
    signal: interrupt.signal,
    log,
  });
  print(options.json ? json(report) : wrapped(reportText(report).trimEnd()));
  return report.claims.every(({ status }) => status !== 'failed') && !interrupt.signal.aborted ? 0 : 1;
}

function newState({ environment, state }: RehearseOptions, account: string, region: string): RehearsalState {
  return {
    version: 1,
    environment,
    region,
    account,
    started: new Date().toISOString(),
    stacks: [],
    outcomes: {},
    removeWith: `npx reranker rehearse --clean-up --region ${region} --environment ${environment} --state '${path.resolve(state)}'`,
  };
}

async function removeEarlier(
  aws: Aws,
  file: StateFile,
  earlier: RehearsalState | undefined,
  log: (line: string) => void,
): Promise<number> {
  if (!earlier) throw new UsageError(`${file.path} is not there: it says what to remove`);
  // In another account nothing would be found, and all would look removed.
  const { Account } = await aws.call<{ Account: string }>('sts', 'get-caller-identity');
  if (Account !== earlier.account) {
    throw new UsageError(
      `${file.path} is of account ${earlier.account}, the credentials are of ${Account}: set AWS_PROFILE`,
    );
  }
  log(`removing ${earlier.stacks.join(', ') || 'what is tagged'}`);
  const failed = await removeAll(aws, earlier, () => file.write(earlier));
  const left = failed.length > 0 ? failed : await remaining(aws, earlier.environment);
  for (const line of left) log(`left: ${line}`);
  if (left.length > 0) return 1;
  log(`nothing is left; ${file.path} can go`);
  return 0;
}

function planText(
  steps: readonly Step[],
  {
    region,
    environment,
    endpointUrl,
    instanceTypes: [type],
  }: { region: string; endpointUrl: string | undefined } & Pick<
    RehearseOptions,
    'environment' | 'instanceTypes'
  >,
  { account, doubts }: Preflight,
  earlier: RehearsalState | undefined,
): string {
  const open = openSteps(steps, earlier);
  const { hours, instanceHours } = estimate(open);
  return [
    `Account ${account}, ${region}, environment ${environment}${earlier ? `, going on from ${earlier.started}` : ''}:`,
    table(
      [{ heading: 'step' }, { heading: 'claim' }, right('minutes')],
      open.map(({ id, claim, minutes }) => [id, claim, String(minutes)]),
    ),
    `At most ${hours.toFixed(1)} hours and ${costText(type, region, instanceHours)}, besides cents for logs, alarms and storage.`,
    ...(endpointUrl === undefined
      ? []
      : [`An emulator stands in for AWS: ${endpointUrl} (AWS_ENDPOINT_URL).`]),
    ...doubts.map((doubt) => `Not looked at: ${doubt}.`),
  ].join('\n');
}

/** What instances cost: at the region's price, else at that of us-east-1, which is known for most types. */
function costText(type: string, region: string, instanceHours: number): string {
  const known = [region, 'us-east-1'].filter((each) => (REGIONS as readonly string[]).includes(each));
  for (const where of known) {
    const price = usdPerInstanceHour(type, where);
    if (price === null) continue;
    const refresh = known.includes(region) ? `: npx reranker cost prices --region ${region} --refresh` : '';
    const note =
      where === region ? '' : ` at the price in ${where} (that in ${region} is not known${refresh})`;
    return `about ${(instanceHours * price.value).toFixed(2)} USD of instances${note}`;
  }
  return `${instanceHours} hours of ${type}, whose price is not known`;
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError('this creates what costs money, and nobody can be asked here: give --yes');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question('Go on? Type yes: ');
  prompt.close();
  return answer.trim().toLowerCase() === 'yes';
}

/** The app that deploys: of the package installed beside this project, else of the clone. */
function cdkApp(): string {
  const require = createRequire(path.join(process.cwd(), 'package.json'));
  try {
    const app = path.join(
      path.dirname(require.resolve('@sagemaker-reranker/infra/package.json')),
      'dist',
      'app.js',
    );
    if (existsSync(app)) return `node ${app}`;
  } catch {
    // Said below.
  }
  throw new UsageError(
    'the CDK app is not installed here: npm install @sagemaker-reranker/infra aws-cdk-lib constructs aws-cdk',
  );
}

function environmentName(text: string): string {
  if (/^[a-z](-?[a-z0-9]){0,19}$/.test(text) && !/^prod(uction)?$/.test(text)) return text;
  throw new UsageError(
    `--environment is "${text}"; it must be 1 to 20 lower-case letters, digits and hyphens, a letter first, and not that of production`,
  );
}

function instanceTypes(text: string): [string, string] {
  const [first, second, ...more] = text.split(',').map((type) => type.trim());
  if (first?.startsWith('ml.') && second?.startsWith('ml.') && first !== second && more.length === 0)
    return [first, second];
  throw new UsageError(`--instance-types is "${text}"; it must be two types, as ml.c7i.large,ml.c6i.large`);
}

function context(pair: string, before: Context = {}): Context {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
  if (key === undefined || value === undefined)
    throw new UsageError(`--context is "${pair}"; it must be key=value, as image=codebuild`);
  return { ...before, [key]: value };
}

/** The report as a table, one claim a row. */
export function reportText({ environment, region, endpointUrl, claims, left }: RehearsalReport): string {
  const rows = claims.map(({ id, status, seconds, detail }) => [id, status, `${seconds} s`, detail]);
  const rest = left.length === 0 ? '' : `\nStill there:\n${left.map((line) => `  ${line}`).join('\n')}\n`;
  const where = endpointUrl === undefined ? region : `${region}, an emulator at ${endpointUrl}`;
  return `Rehearsal of ${environment} in ${where}\n${table(COLUMNS, rows)}\n${rest}`;
}
