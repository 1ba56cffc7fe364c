import { App } from 'aws-cdk-lib';
import {
  ConfigurationError,
  HOSTING_MODES,
  RerankerImage,
  RerankerStack,
  readContext,
  type HostingMode,
} from '@sagemaker-reranker/infra';
import { CONTEXT_KEYS } from '../../../infra/src/stack/context.js';
import { buildContext, modelDirectory, removeFixtures, temporaryDirectory } from '../support/fixtures.js';

afterAll(removeFixtures);

const directories = { tiny: modelDirectory('tiny'), turbo: modelDirectory('turbo') };
const other = modelDirectory('tiny', 'other weights');
const outdir = temporaryDirectory();
const dockerfile = buildContext();

type Context = Readonly<Record<string, unknown>>;

/** A value of each key that must make a difference, with what it takes besides. */
const TELLING: Readonly<
  Record<string, { readonly value: unknown; readonly beside?: (mode: HostingMode) => Context }>
> = {
  variant: { value: 'turbo', beside: () => ({ modelDirectory: directories.turbo }) },
  modelDirectory: { value: other },
  hosting: { value: 'real-time' },
  image: { value: 'codebuild' },
  availabilityZones: {
    value: 'eu-west-1b,eu-west-1c',
    beside: (mode) => (mode === 'serverless' ? {} : { isolatedNetwork: true }),
  },
  isolatedNetwork: { value: true },
  ownKey: { value: true },
  alarmEmail: { value: 'oncall@example.com' },
  usdPerInstanceHour: { value: 0.2 },
  consumers: { value: 'function' },
  environment: { value: 'staging' },
  tags: { value: 'team=search' },
  instanceType: { value: 'ml.c7i.2xlarge' },
  workers: {
    value: 2,
    // One component has a process of its own; elsewhere there are as many as processors, here eight.
    beside: (mode) => (mode === 'inference-components' ? {} : { instanceType: 'ml.c7i.2xlarge' }),
  },
  initialInstanceCount: { value: 3 },
  minInstanceCount: {
    value: 2,
    beside: (mode) => (mode === 'real-time' || mode === 'multi-model' ? { maxInstanceCount: 4 } : {}),
  },
  maxInstanceCount: { value: 9 },
  memorySizeInMb: { value: 6144 },
  maxConcurrency: { value: 7 },
  provisionedConcurrency: { value: 1 },
  minCopyCount: { value: 1 },
  maxCopyCount: { value: 9 },
  dataCapturePercentage: { value: 10 },
};

/** Everything that a context comes to: template, assets, tags, protection; or the refusal. */
function outcome(context: Context): string {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [], ...context }, outdir });
  try {
    const read = readContext(app.node);
    const image = {
      local: () => RerankerImage.fromAsset({ directory: dockerfile }),
      codebuild: () => RerankerImage.fromCodeBuild({ directory: dockerfile }),
      repository: () => undefined,
    }[read.image.kind]();
    const stack = new RerankerStack(app, 'Stack', {
      context: read,
      image,
      env: { account: '111122223333', region: 'eu-west-1' },
    });
    process.env.CDK_VALIDATION = 'false';
    const { template } = app.synth({ skipValidation: true, force: true }).getStackByName(stack.stackName);
    return JSON.stringify(template);
  } catch (error) {
    if (error instanceof ConfigurationError) return `refused: ${error.message}`;
    throw error;
  }
}

const base = (mode: HostingMode): Context => ({
  hosting: mode,
  variant: 'tiny',
  modelDirectory: directories.tiny,
});

test('each key of the context has a telling value here', () => {
  expect(Object.keys(TELLING).sort()).toEqual([...CONTEXT_KEYS].sort());
});

describe.each(HOSTING_MODES)('with %s hosting', (mode) => {
  test.each(Object.keys(TELLING))('%s acts, or is refused by name', (key) => {
    const { value, beside = () => ({}) } = TELLING[key]!;
    const before = {
      ...base(key === 'hosting' && mode === 'real-time' ? 'serverless' : mode),
      ...beside(mode),
    };
    const without = outcome(before);
    const withKey = outcome({ ...before, [key]: value });
    if (withKey.startsWith('refused: ')) expect(withKey).toContain(`- ${key} `);
    else expect(withKey).not.toBe(without);
  });
});

test.each(['instance-type', 'InstanceType', 'variants', 'max_instance_count', 'alarmEmails', 'Environment'])(
  '%s, which is nearly a key, is refused with the right one',
  (key) =>
    expect(outcome({ ...base('real-time'), [key]: 'x' })).toMatch(new RegExp(`${key} is no key; \\w+ is`)),
);

test.each(['cli-telemetry', '@aws-cdk/core:newStyle', 'team'])('%s, which others read, is let be', (key) => {
  expect(outcome({ ...base('serverless'), [key]: true })).not.toMatch(/^refused/);
});
