import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { App } from 'aws-cdk-lib';
import { RerankerStack, readContext } from '@sagemaker-reranker/infra';
import { Aws } from '../../../cli/src/rehearse/aws.js';
import { transformQuota } from '../../../cli/src/rehearse/preflight.js';
import { chooseSteps, rehearse } from '../../../cli/src/rehearse/rehearsal.js';
import { StateFile } from '../../../cli/src/rehearse/state.js';
import { FakeAws, freshState } from './fake-aws.js';

const directory = mkdtempSync(path.join(tmpdir(), 'reranker-deployments-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SHIFT = ['second-deployment'];
const ALL = [
  'roll-back-by-alarm',
  'isolated-network',
  'scale-out-and-in',
  'asynchronous-instance-type',
  'more-concurrency',
];

/** What a step deploys, as `-c KEY=VALUE`, in order, by stack. */
async function deployed(
  instanceTypes: readonly [string, string],
  workers: string,
  steps: readonly string[],
): Promise<Map<string, string[]>> {
  const fake = new FakeAws();
  fake.workers = workers;
  const aws = new Aws(fake, 'eu-west-1');
  await rehearse({
    aws,
    cleaner: aws,
    app: { command: 'node app.js', instanceTypes, context: { image: 'rerankers:v1' } },
    file: new StateFile(path.join(directory, 'state.json')),
    state: freshState(),
    steps: chooseSteps(steps),
    keep: false,
    signal: new AbortController().signal,
    log: () => undefined,
  });
  const contexts = new Map<string, string[]>();
  for (const [program, , verb, stack, ...rest] of fake.calls) {
    if (program !== 'npx' || verb !== 'deploy') continue;
    const given = rest.filter((_, i) => rest[i - 1] === '-c').sort();
    contexts.set(stack!, [...(contexts.get(stack!) ?? []), JSON.stringify(given)]);
  }
  return contexts;
}

/** The template of a context, without what changes by itself. */
function template(given: string): string {
  const context = Object.fromEntries(
    (JSON.parse(given) as string[]).map((pair) => {
      const [key, ...value] = pair.split('=');
      return [key!, value.join('=')];
    }),
  );
  const app = new App({ context, outdir: mkdtempSync(path.join(directory, 'out-')) });
  const stack = new RerankerStack(app, 'Stack', { context: readContext(app.node) });
  return JSON.stringify(app.synth({ skipValidation: true }).getStackArtifact(stack.artifactId).template);
}

test.each([
  [['ml.c7i.large', 'ml.c6i.large'], '2', ALL],
  [['ml.m5.xlarge', 'ml.c6i.large'], '4', SHIFT],
  [['ml.c8g.medium', 'ml.c8g.large'], '1', SHIFT],
] as const)(
  'what a step deploys anew differs: types %j, %s processes by default',
  async (types, workers, steps) => {
    const contexts = await deployed(types, workers, steps);
    expect(contexts.size).toBe(steps === ALL ? 3 : 1);
    for (const given of contexts.values()) {
      const other = given.filter((each, i) => each !== given[i - 1]);
      expect(other.length).toBeGreaterThan(1);
      const templates = other.map(template);
      if (other[0]!.includes('"hosting=real-time"'))
        expect(templates[0]).toContain(`"RERANKER_WORKERS":"${workers}"`);
      expect(templates.map((each, i) => [other[i], each === templates[i - 1]])).toEqual(
        other.map((each) => [each, false]),
      );
    }
  },
);

test('the quota that is looked at is of the type that the batch runs on', () => {
  const given = ['hosting=serverless', 'consumers=batch', 'variant=embedded', 'image=rerankers:v1'];
  const [, type] = /\\"InstanceType\\":\\"(ml\.[a-z0-9.]+)/.exec(template(JSON.stringify(given)))!;
  expect(transformQuota()).toBe(`${type} for transform job usage`);
});
