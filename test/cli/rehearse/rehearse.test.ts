import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Aws } from '../../../cli/src/rehearse/aws.js';
import { SUFFIXES, endpointName as rehearsedName, stackName } from '../../../cli/src/rehearse/context.js';
import { preflight } from '../../../cli/src/rehearse/preflight.js';
import { chooseSteps, estimate, rehearse } from '../../../cli/src/rehearse/rehearsal.js';
import { removeStack } from '../../../cli/src/rehearse/stacks.js';
import { StateFile, type RehearsalState } from '../../../cli/src/rehearse/state.js';
import { rightsFor } from '../../../cli/src/rehearse/rights.js';
import { STEPS } from '../../../cli/src/rehearse/steps/index.js';
import { UNTRIED } from '../../../cli/src/rehearse/untried.js';
import { reportText } from '../../../cli/src/commands/rehearse.js';
import { HOSTING_MODES, endpointName, stackName as infraStackName } from '@sagemaker-reranker/infra';
import { MODES } from '../../../infra/src/hosting/hosting.js';
import { commandsOf, faultsOf, parse } from '../../infra/support/aws-commands.js';
import { FakeAws, freshState } from './fake-aws.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), 'reranker-rehearse-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const app = {
  command: 'node app.js',
  instanceTypes: ['ml.c7i.large', 'ml.c6i.large'],
  context: {},
} as const;

const EMULATOR = 'http://127.0.0.1:5000';

function prepare(fake: FakeAws, only: readonly string[] = [], keep = false, endpointUrl?: string) {
  const file = new StateFile(path.join(directory, 'state.json'));
  const interrupt = new AbortController();
  const steps = only.length > 0 ? chooseSteps(only) : STEPS;
  const start = (state = file.read() ?? freshState()) =>
    rehearse({
      aws: new Aws(fake, 'eu-west-1', endpointUrl),
      cleaner: new Aws(fake, 'eu-west-1', endpointUrl),
      app,
      file,
      state,
      steps,
      keep,
      signal: interrupt.signal,
      log: () => undefined,
    });
  return { file, interrupt, start };
}

test('every claim is verified where AWS does what the runbook says, and nothing is left', async () => {
  const fake = new FakeAws();
  const { start, file } = prepare(fake);
  const report = await start();
  const never = UNTRIED.map(({ id }) => id);
  expect(report.claims.filter(({ status }) => status !== 'verified').map(({ id }) => id)).toEqual(never);
  expect(report.claims.map(({ id }) => id)).toEqual([...STEPS.map(({ id }) => id), 'nothing-left', ...never]);
  expect(report.left).toEqual([]);
  expect(fake.stacks.size).toBe(0);
  expect(fake.generations.size).toBe(0);
  expect(fake.queue).toBeUndefined();
  expect(file.read()).toBeUndefined();
  expect(reportText(report)).toMatch(/roll-back-by-hand +verified/);
});

test('an alarm that reaches nobody is a failed claim, and the rest is tried all the same', async () => {
  const fake = new FakeAws();
  fake.topicAdmitsAlarms = false;
  const report = await prepare(fake, ['alarm-arrives', 'request']).start();
  expect(report.claims).toMatchObject([
    { id: 'first-deployment', status: 'verified' },
    { id: 'request', status: 'verified' },
    { id: 'alarm-arrives', status: 'failed', detail: 'a message of the alarm did not come within 5 minutes' },
    { id: 'nothing-left', status: 'verified' },
  ]);
});

test('a first deployment that AWS refuses skips what needs it, with what AWS answered', async () => {
  const fake = new FakeAws();
  fake.run = (command) =>
    command[0] === 'npx'
      ? Promise.resolve({ status: 1, stdout: '', stderr: 'ResourceLimitExceeded' })
      : FakeAws.prototype.run.call(fake, command);
  const report = await prepare(fake, ['request']).start();
  expect(report.claims).toMatchObject([
    { status: 'failed', detail: expect.stringContaining('ResourceLimitExceeded') as string },
    { status: 'skipped', detail: 'needs first-deployment' },
    { status: 'verified' },
  ]);

  // Once the cause is gone, what failed is tried again.
  const again = await prepare(new FakeAws(), ['request']).start();
  expect(again.claims.map(({ status }) => status)).toEqual(['verified', 'verified', 'verified']);
});

test('an interrupt removes what was made; the next rehearsal goes on where it was', async () => {
  const fake = new FakeAws();
  const { start, interrupt } = prepare(fake, ['second-deployment']);
  fake.onCommand = (command) => {
    if (!command.includes('workers=')) return;
    interrupt.abort();
    throw new Error('aborted');
  };
  const report = await start();
  expect(report.claims).toMatchObject([
    { status: 'verified' },
    { status: 'skipped', detail: 'interrupted' },
    { status: 'verified' },
  ]);
  expect(fake.stacks.size).toBe(0);

  // Its stack is gone: what the open step needs is deployed again.
  fake.onCommand = () => undefined;
  const again = await prepare(fake, ['second-deployment']).start();
  expect(again.claims.map(({ status }) => status)).toEqual(['verified', 'verified', 'verified']);
});

test('killed in the middle: the file says what exists, and who goes on does not try again what was verified', async () => {
  const fake = new FakeAws();
  const { start, file } = prepare(fake, ['request']);
  const killed = new Promise<string>((resolve) => {
    fake.onCommand = (command) => {
      // As it is when the process is gone: nothing after this happens.
      if (command.includes('invoke-endpoint')) resolve(readFileSync(file.path, 'utf8'));
    };
  });
  const running = start();
  const left = JSON.parse(await killed) as RehearsalState;
  expect(left).toMatchObject({
    stacks: ['reranker-rehearsal-embedded'],
    outcomes: { 'first-deployment': { status: 'verified' } },
    removeWith: 'reranker rehearse --clean-up',
  });
  // What goes on here, and would not in a process that was killed, ends first: both write one file.
  await running;
  const second = new FakeAws();
  const again = prepare(second, ['request']);
  await again.start(left);
  expect(second.commands.filter((command) => command.includes('cdk deploy'))).toEqual([]);
});

test('--keep leaves the stacks and says how to remove them', async () => {
  const fake = new FakeAws();
  // An earlier rehearsal, which left nothing, says nothing of this one.
  fake.denied.add('sagemaker-runtime invoke-endpoint');
  await prepare(fake, ['serverless']).start();
  fake.denied.clear();
  const report = await prepare(fake, ['serverless'], true).start();
  expect(report.claims.at(-1)).toMatchObject({ id: 'nothing-left', status: 'skipped', detail: '--keep' });
  expect(fake.stacks.size).toBe(1);
  expect(report.left).toEqual([
    'stack reranker-rehearsal-embedded-serverless (--keep): reranker rehearse --clean-up',
  ]);
});

test('a deployment that ends before the endpoint is updated is not taken for one that an alarm took back', async () => {
  const fake = new FakeAws();
  const run = fake.run.bind(fake);
  fake.run = (command) =>
    command.includes('instanceType=ml.c6i.large')
      ? Promise.resolve({ status: 1, stdout: '', stderr: 'the context is wrong' })
      : run(command);
  const report = await prepare(fake, ['roll-back-by-alarm']).start();
  expect(report.claims.find(({ id }) => id === 'roll-back-by-alarm')).toMatchObject({
    status: 'failed',
    detail: expect.stringMatching(/over before its update was seen.*the context is wrong/) as string,
  });
});

test('who was killed left a stack of which nothing was made: it is removed before the next deployment', async () => {
  const fake = new FakeAws();
  await prepare(fake, ['multi-model'], true).start();
  await fake.run(['npx', 'cdk', 'deploy', 'reranker-rehearsal-embedded-multi', '-c', 'hosting=multi-model']);
  fake.status = 'REVIEW_IN_PROGRESS';
  fake.commands.length = 0;
  const state = { ...freshState(), stacks: ['reranker-rehearsal-embedded-multi'] };
  const report = await prepare(fake, ['multi-model']).start(state);
  expect(report.claims.map(({ status }) => status)).toEqual(['verified', 'verified']);
  const [first, then] = fake.commands.filter((command) => /cdk deploy|delete-stack/.test(command));
  expect([first, then]).toEqual([expect.stringContaining('delete-stack'), expect.stringContaining('deploy')]);
});

test('who was killed left CloudFormation at work: the next deployment and the removal wait for it', async () => {
  const fake = new FakeAws();
  await prepare(fake, ['first-deployment'], true).start();
  fake.status = 'UPDATE_IN_PROGRESS';
  fake.commands.length = 0;
  const report = await prepare(fake, ['second-deployment']).start();
  expect(report.claims.map(({ status }) => status)).toEqual(['verified', 'verified', 'verified']);
  const [first] = fake.commands.filter((command) => /cdk deploy|describe-stacks/.test(command));
  expect(first).toContain('describe-stacks');

  await prepare(fake, ['serverless'], true).start();
  fake.status = 'UPDATE_IN_PROGRESS';
  fake.commands.length = 0;
  await prepare(fake, ['serverless']).start();
  expect(fake.stacks.size).toBe(0);
  expect(fake.commands.filter((command) => / (cancel-update|delete)-stack /.test(command))).toEqual([
    expect.stringContaining('cancel-update-stack'),
    expect.stringContaining('delete-stack'),
  ]);
});

const NOT_THERE = 'The action has not been implemented';

test.each([
  ['roll-back-by-hand', 'update-endpoint', NOT_THERE, 'the emulator has no aws sagemaker update-endpoint'],
  [
    'first-deployment',
    'deploy',
    'ValidationError: Template error: instance of Fn::GetAtt references undefined resource Alarm',
    'the emulator has no cdk deploy reranker-rehearsal-embedded: ValidationError: Template error',
  ],
  ['function', 'invoke', 'error running docker: no such file', 'the emulator has no aws lambda invoke'],
  [
    'inference-components',
    'describe-inference-component',
    NOT_THERE,
    'the emulator has no aws sagemaker describe-inference-component',
  ],
])(
  'what an emulator has not is skipped, and nothing is waited for: %s',
  async (id, operation, stderr, detail) => {
    const fake = new FakeAws();
    const run = fake.run.bind(fake);
    fake.run = (command) =>
      command[2] === operation ? Promise.resolve({ status: 1, stdout: '', stderr }) : run(command);
    const report = await prepare(fake, [id], false, EMULATOR).start();
    expect(report.claims.at(-2)).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining(detail) as string,
    });
    expect(
      fake.commands.filter((line) => line.startsWith('aws ') && !line.includes('--endpoint-url')),
    ).toEqual([]);
    expect(reportText(report)).toMatch(/^Rehearsal of rehearsal in eu-west-1, an emulator at http/);
  },
);

test('what an emulator makes up, or does at once, is no answer of AWS: it is skipped', async () => {
  const fake = new FakeAws();
  const run = fake.run.bind(fake);
  fake.run = async (command) => {
    // No update is seen under way.
    if (command.includes('instanceType=ml.c6i.large')) return { status: 0, stdout: '', stderr: '' };
    const answer = await run(command);
    // No container runs there: what the CLI writes is what the emulator has for everybody.
    if (command[2] === 'invoke-endpoint')
      writeFileSync(
        command.find((word) => word.endsWith('answer.json'))!,
        'body',
      );
    return answer;
  };
  const { claims } = await prepare(fake, ['request', 'roll-back-by-alarm'], false, EMULATOR).start();
  expect(claims).toMatchObject([
    { id: 'first-deployment', status: 'verified' },
    {
      id: 'request',
      status: 'skipped',
      detail: expect.stringMatching(/but body: an emulator runs no/) as string,
    },
    { id: 'second-deployment', status: 'verified' },
    {
      id: 'roll-back-by-alarm',
      status: 'skipped',
      detail: expect.stringMatching(/update .*: an emulator runs no/) as string,
    },
    { id: 'nothing-left', status: 'verified' },
  ]);
});

test('a stack that an emulator broke down over, and describes no more, is deleted all the same', async () => {
  const fake = new FakeAws();
  await prepare(fake, ['serverless'], true).start();
  const run = fake.run.bind(fake);
  const broken = { status: 255, stdout: '', stderr: '500 Internal Server Error' };
  fake.run = (command) =>
    command[2] === 'describe-stacks' && fake.stacks.size > 0 ? Promise.resolve(broken) : run(command);
  await removeStack(new Aws(fake, 'eu-west-1', EMULATOR), 'reranker-rehearsal-embedded-serverless');
  expect(fake.stacks.size).toBe(0);
});

describe('before anything is created', () => {
  const look = (fake: FakeAws, only = ['first-deployment'], context = {}) =>
    preflight(new Aws(fake, 'eu-west-1'), {
      environment: 'rehearsal',
      steps: chooseSteps(only),
      app: { ...app, context },
      earlier: undefined,
    });
  const created = (fake: FakeAws) =>
    fake.commands.filter((command) => / create-| deploy| put-| register-/.test(command));

  test('all is well', async () => {
    expect(await look(new FakeAws())).toEqual({ account: '111122223333', faults: [], doubts: [] });
  });

  test.each<[string, (fake: FakeAws) => unknown, RegExp]>([
    [
      'no credentials',
      (fake) => (fake.credentials = false),
      /no credentials: Unable to locate credentials.*aws sso login/,
    ],
    [
      'a quota of 0',
      (fake) => (fake.quota = 0),
      /quota "ml.c7i.large for endpoint usage" is 0; 4 are needed.*request-service-quota-increase.*--instance-types/,
    ],
    [
      'no bootstrap',
      (fake) => (fake.bootstrapped = false),
      /not bootstrapped in eu-west-1: npx cdk bootstrap aws:\/\/111122223333\/eu-west-1/,
    ],
    ['no Docker', (fake) => (fake.docker = false), /docker does not answer.*--context image=codebuild/],
    [
      'no permission to read',
      (fake) => fake.denied.add('service-quotas list-service-quotas'),
      /no permission for "aws service-quotas list-service-quotas"/,
    ],
    [
      'no permission to change',
      (fake) => fake.forbidden.add('cloudformation:DeleteStack'),
      /no permission for cloudformation:DeleteStack on arn:aws:cloudformation:eu-west-1:111122223333:stack/,
    ],
    [
      'no permission for endpoints',
      (fake) => fake.denied.add('sagemaker list-endpoints'),
      /no permission for sagemaker:ListEndpoints/,
    ],
    [
      'a region without the service',
      noService,
      /SageMaker does not answer in eu-west-1: Could not connect.*--region/,
    ],
    [
      'a name in use',
      (fake) => fake.run(['npx', 'cdk', 'deploy', 'reranker-rehearsal-embedded', '-c', 'hosting=real-time']),
      /stack reranker-rehearsal-embedded exists already; .*--environment/,
    ],
    [
      "somebody else's environment",
      (fake) => fake.tagged.push('arn:aws:sagemaker:eu-west-1:1:model/theirs'),
      /environment rehearsal is in use: 1 things carry its tag, for example model theirs/,
    ],
    [
      'a log group in the way',
      (fake) => fake.logGroups.add('/aws/sagemaker/Endpoints/reranker-embedded-rehearsal'),
      /log group .* exists already: aws logs delete-log-group/,
    ],
  ])('%s is named', async (_, change, message) => {
    const fake = new FakeAws();
    await change(fake);
    fake.commands.length = 0;
    const { faults } = await look(fake);
    expect(faults.join('\n')).toMatch(message);
    expect(created(fake)).toEqual([]);
  });

  test.each([
    [[], /image team\/rerankers:v1 is not in this account's ECR in eu-west-1/],
    [
      ['application/vnd.oci.image.manifest.v1+json'],
      /has a manifest of application\/vnd.oci.image.manifest.v1/,
    ],
    [['application/vnd.docker.distribution.manifest.v2+json'], undefined],
  ])('an image that the context names: %j', async (types, message) => {
    const fake = new FakeAws();
    const run = fake.run.bind(fake);
    const images = types.map((imageManifestMediaType) => ({ imageManifestMediaType }));
    fake.run = (command) =>
      command[2] === 'batch-get-image'
        ? Promise.resolve({ status: 0, stdout: JSON.stringify({ images }), stderr: '' })
        : run(command);
    const { faults } = await look(fake, undefined, { image: 'team/rerankers:v1' });
    if (message === undefined) expect(faults).toEqual([]);
    else expect(faults).toEqual([expect.stringMatching(message)]);
    expect(fake.commands).not.toContain('docker version');
  });

  test('what cannot be looked at is said, and stops nobody', async () => {
    const fake = new FakeAws();
    const run = fake.run.bind(fake);
    fake.run = (command) =>
      ['list-service-quotas', 'simulate-principal-policy'].includes(command[2]!)
        ? Promise.resolve({ status: 1, stdout: '', stderr: 'The action has not been implemented' })
        : run(command);
    const { faults, doubts } = await look(fake);
    expect(faults).toEqual([]);
    expect([...doubts].sort()).toEqual([
      'permissions to change things, as iam:SimulatePrincipalPolicy was refused: no such operation there',
      'the quotas of SageMaker: "aws service-quotas list-service-quotas" failed: no such operation there',
    ]);
  });

  test('serverless asks for no quota of instances, and for no permission of other steps', async () => {
    const fake = new FakeAws();
    fake.quota = 0;
    fake.forbidden.add('sqs:CreateQueue');
    expect((await look(fake, ['serverless'])).faults).toEqual([]);
    expect((await look(fake, ['alarm-arrives'])).faults).toHaveLength(2);
  });

  test('an AWS CLI that is not there is named', async () => {
    const fake = new FakeAws();
    fake.run = () => Promise.resolve({ status: null, stdout: '', stderr: 'aws is not installed' });
    expect((await look(fake)).faults).toEqual([
      'the AWS CLI is needed: aws is not installed; https://aws.amazon.com/cli/',
    ]);
  });

  function noService(fake: FakeAws): void {
    const run = fake.run.bind(fake);
    fake.run = (command) =>
      command[1] === 'sagemaker'
        ? Promise.resolve({
            status: 255,
            stdout: '',
            stderr: 'Could not connect to the endpoint URL: "https://api.sagemaker.eu-west-1.amazonaws.com/"',
          })
        : run(command);
  }
});

/** A rehearsal of all steps, what is looked at before, and models and roles to tidy up. */
async function everything(): Promise<FakeAws> {
  const fake = new FakeAws();
  await preflight(new Aws(fake, 'eu-west-1'), {
    environment: 'rehearsal',
    steps: STEPS,
    app,
    earlier: undefined,
  });
  fake.tagged.push('arn:aws:sagemaker:eu-west-1:1:model/RerankerModel');
  fake.roles.add('RerankerRole');
  const report = await prepare(fake).start();
  expect(report.left).toEqual([]);
  return fake;
}

test('each command of the runbook is tried by a step, or is named with a reason', async () => {
  const fake = await everything();
  // What the rehearsal's tidying up does stands for the same commands on the page.
  const tried = fake.commands.map((line) => line.split(' '));
  const runbook = readFileSync(path.resolve(__dirname, '../../../docs/runbook.md'), 'utf8');
  const asked = [...commandsOf(runbook, 'aws'), ...commandsOf(runbook, 'npx')].filter(
    ([program, name]) => program === 'aws' || name === 'cdk',
  );
  // Waiters ask again and again what the rehearsal asks again and again.
  const looks = new Set([
    'aws sagemaker wait',
    'aws sagemaker list-models',
    'aws sagemaker list-endpoint-configs',
  ]);
  looks.add('aws sagemaker list-tags');
  const untried = asked
    .map((words) => words.slice(0, 3).join(' '))
    .filter((name) => !looks.has(name))
    .filter((name) => !tried.some((words) => words.slice(0, 3).join(' ') === name))
    .filter((name) => !UNTRIED.some(({ commands = [] }) => commands.includes(name)));
  expect([...new Set(untried)]).toEqual([]);
  // And no reason is given for what is tried.
  const reasoned = UNTRIED.flatMap(({ commands = [] }) => commands);
  expect(reasoned.filter((name) => tried.some((words) => words.join(' ').startsWith(name)))).toEqual([]);
  expect(reasoned.filter((name) => !asked.some((words) => words.join(' ').startsWith(name)))).toEqual([]);
});

test('every command of the rehearsal is one that the AWS CLI takes', async () => {
  const fake = await everything();
  const commands = fake.calls.filter(([program, service]) => program === 'aws' && service !== '--version');
  expect(commands.length).toBeGreaterThan(50);
  expect([...new Set(commands.flatMap((command) => faultsOf(parse(command))))]).toEqual([]);
});

test('IAM is asked about every action that a rehearsal takes', async () => {
  const fake = await everything();
  const prefixes: Record<string, string> = {
    s3api: 's3',
    stepfunctions: 'states',
    'sagemaker-runtime': 'sagemaker',
    resourcegroupstaggingapi: 'tag',
    'lambda invoke': 'lambda:InvokeFunction',
  };
  const taken = fake.commands.flatMap((line) => {
    const [program, service = '', operation = ''] = line.split(' ');
    // s3 rm lists and deletes; sts is asked by whoever has credentials.
    // What the rest of a preflight reads is named by itself where it is refused.
    const reads = ['simulate-principal-policy', 'get-role', 'list-service-quotas', 'list-endpoints'];
    if (program !== 'aws' || service === 's3' || service === 'sts' || !operation || reads.includes(operation))
      return [];
    const whole = prefixes[`${service} ${operation}`];
    const name = operation.replace(/(^|-)([a-z])/g, (__, ___, letter: string) => letter.toUpperCase());
    return whole ?? `${prefixes[service] ?? service}:${name}`;
  });
  const caller = { Account: '111122223333', Arn: fake.arn };
  const asked = rightsFor(
    caller,
    'eu-west-1',
    'rehearsal',
    STEPS.map(({ id }) => id),
  ).flatMap(({ actions }) => actions);
  expect([...new Set(taken)].filter((action) => !asked.includes(action))).toEqual([]);
});

test('steps bring those that they need; an unknown one is named', () => {
  expect(chooseSteps(['roll-back-by-hand']).map(({ id }) => id)).toEqual([
    'first-deployment',
    'second-deployment',
    'roll-back-by-hand',
  ]);
  expect(() => chooseSteps(['fly'])).toThrow('--only names fly; there are first-deployment,');
  expect(estimate(STEPS).instanceHours).toBeGreaterThan(10);
  expect(estimate(STEPS).instanceHours).toBeLessThan(50);
});

test.each(HOSTING_MODES)('stack and endpoint of %s are named as infra names them', (mode) => {
  const named = { names: ['embedded'], environment: 'rehearsal', hosting: { mode } };
  expect(infraStackName(named)).toBe(stackName('rehearsal', mode));
  expect(endpointName(named)).toBe(rehearsedName('rehearsal', mode));
  expect(Object.keys(SUFFIXES).sort()).toEqual(Object.keys(MODES).sort());
});
