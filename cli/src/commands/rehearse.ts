import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { usdPerInstanceHour } from '@sagemaker-reranker/cost';
import { Aws } from '../rehearse/aws.js';
import { leftovers, removeAll } from '../rehearse/leftovers.js';
import { preflight } from '../rehearse/preflight.js';
import { chooseSteps, estimate, rehearse, stacksOf, type RehearsalReport } from '../rehearse/rehearsal.js';
import { localShell } from '../rehearse/shell.js';
import { StateFile, type RehearsalState } from '../rehearse/state.js';
import { STEPS, type Step } from '../rehearse/steps.js';
import { table } from '../terminal/table.js';

interface RehearseOptions {
  readonly region?: string;
  readonly environment: string;
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
const TYPES = ['ml.c7i.large', 'ml.c6i.large'];

/** `reranker rehearse`: tries in an account what the runbook says. */
export function rehearseCommand(): Command {
  return new Command('rehearse')
    .description(
      "Try the runbook's claims in your AWS account: deploy, call, alarm, roll back, scale, destroy. It says what it will do and cost, asks, and removes what it made. Takes the AWS CLI and the CDK app of @sagemaker-reranker/infra.",
    )
    .option('--region <region>', 'AWS region (default: AWS_REGION)')
    .option('--environment <name>', 'throwaway environment', environmentName, 'rehearsal')
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
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const file = new StateFile(path.resolve(options.state));
  const earlier = file.read();
  const region =
    options.region ?? earlier?.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (region === undefined) throw new Error('which region? Give --region, or set AWS_REGION');
  if (earlier && (earlier.region !== region || earlier.environment !== options.environment)) {
    throw new Error(
      `${file.path} is of a rehearsal in ${earlier.region}, environment ${earlier.environment}; name another file with --state, or remove that one: ${earlier.removeWith}`,
    );
  }
  const interrupt = new AbortController();
  const aws = new Aws(localShell(interrupt.signal, log), region);
  const cleaner = new Aws(localShell(new AbortController().signal, log), region);
  if (options.cleanUp) return removeEarlier(cleaner, file, earlier, log);

  const steps = options.only ? chooseSteps(options.only) : STEPS;
  const app = { command: cdkApp() };
  const { account, faults } = await preflight(aws, stacksOf(options.environment, steps), TYPES, earlier);
  if (faults.length > 0) {
    throw new Error(`nothing was created:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
  log(plan(steps, { account, region, environment: options.environment }, earlier));
  if (!options.yes && !(await agreed())) return 1;

  const state = earlier ?? newState(options, account, region);
  // The first ends the step that runs, and then what was made is removed; the second ends that too.
  process.once('SIGINT', () => {
    log(`\ninterrupted; removing what was made. Again to leave it: ${state.removeWith}`);
    interrupt.abort();
  });
  process.once('SIGTERM', () => interrupt.abort());
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
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
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
    removeWith: `reranker rehearse --clean-up --region ${region} --environment ${environment} --state ${state}`,
  };
}

async function removeEarlier(
  aws: Aws,
  file: StateFile,
  earlier: RehearsalState | undefined,
  log: (line: string) => void,
): Promise<number> {
  if (!earlier) throw new Error(`${file.path} is not there: it says what to remove`);
  log(`removing ${earlier.stacks.join(', ') || 'what is tagged'}`);
  const failed = await removeAll(aws, earlier, () => file.write(earlier));
  const left = (await leftovers(aws, earlier)).map(({ kind, name }) => `${kind} ${name}`);
  for (const line of [...failed, ...left]) log(`left: ${line}`);
  if (failed.length + left.length === 0) log('nothing is left');
  return failed.length + left.length === 0 ? 0 : 1;
}

function plan(
  steps: readonly Step[],
  { account, region, environment }: { account: string; region: string; environment: string },
  earlier: RehearsalState | undefined,
): string {
  const open = steps.filter(({ id }) => (earlier?.outcomes[id]?.status ?? 'skipped') === 'skipped');
  const price = usdPerInstanceHour('ml.c7i.large', region)?.value;
  const { usd, hours } = estimate(open, price ?? 0);
  const cost =
    price === undefined
      ? `instances whose price in ${region} is not known`
      : `about ${usd.toFixed(2)} USD of instances`;
  return [
    `Account ${account}, ${region}, environment ${environment}${earlier ? `, going on from ${earlier.started}` : ''}:`,
    ...open.map(({ id, claim, minutes }) => `  ${id.padEnd(30)} ${claim} (${minutes} min)`),
    `At most ${hours.toFixed(1)} hours and ${cost}, besides cents for logs, alarms and storage.`,
  ].join('\n');
}

async function agreed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new Error('this creates what costs money, and nobody can be asked here: give --yes');
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
  throw new Error(
    'the CDK app is not installed here: npm install @sagemaker-reranker/infra aws-cdk-lib constructs aws-cdk',
  );
}

function environmentName(text: string): string {
  if (/^[a-z](-?[a-z0-9]){0,19}$/.test(text) && !/^prod(uction)?$/.test(text)) return text;
  throw new Error(
    `--environment is "${text}"; it must be 1 to 20 lower-case letters, digits and hyphens, a letter first, and not that of production`,
  );
}

/** The report as a table, one claim a row. */
export function reportText({ environment, region, claims, left }: RehearsalReport): string {
  const rows = claims.map(({ id, status, seconds, detail }) => [id, status, `${seconds} s`, detail]);
  const rest = left.length === 0 ? '' : `\nStill there:\n${left.map((line) => `  ${line}`).join('\n')}\n`;
  return `Rehearsal of ${environment} in ${region}\n${table(COLUMNS, rows)}\n${rest}`;
}
