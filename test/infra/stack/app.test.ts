import { FLAGS } from 'aws-cdk-lib/cx-api';
import { VARIANT_IDS } from '@sagemaker-reranker/models';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { modelDirectory, removeFixtures, temporaryDirectory } from '../support/fixtures.js';

afterAll(removeFixtures);

const { context: ours } = JSON.parse(readFileSync('cdk.json', 'utf8')) as {
  context: Record<string, unknown>;
};

/** Runs the built app as the CDK's command line does, with the context of cdk.json and of `-c`, and no credentials. */
function synthesize(given: Record<string, string>) {
  const outdir = temporaryDirectory();
  const context = { ...ours, ...given };
  const run = spawnSync(process.execPath, [path.resolve('infra/dist/app.js')], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  return { ...run, outdir };
}

test('a variant becomes one stack, for any account', () => {
  const { status, outdir, stderr } = synthesize({
    variant: 'tiny',
    modelDirectory: modelDirectory('tiny'),
    image: 'rerankers:v1',
    instanceType: 'ml.c7g.large',
    environment: 'staging',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(outdir)).toContain('reranker-staging-tiny.template.json');
  const manifest = readFileSync(path.join(outdir, 'manifest.json'), 'utf8');
  expect(manifest).toContain('aws://unknown-account/unknown-region');
  const template = readFileSync(path.join(outdir, 'reranker-staging-tiny.template.json'), 'utf8');
  expect(template).toContain('ml.c7g.large');
  expect(template).toContain('/rerankers:v1');
});

test.each([
  ['nothing', {}, 'embedded'],
  ['a model directory of no variant', { modelDirectory: modelDirectory(undefined) }, 'own'],
  ['a model directory of a variant', { modelDirectory: modelDirectory('tiny') }, 'tiny'],
])('%s is enough beside what cdk.json says', (_, context, name) => {
  const { status, outdir, stderr } = synthesize(context);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(readdirSync(outdir)).toContain(`reranker-dev-${name}.template.json`);
});

test('bad context ends with the faults and without a stack trace', () => {
  const { status, stderr } = synthesize({ variant: 'huge', hosting: 'batch' });
  expect(status).toBe(1);
  expect(stderr).toBe(
    'cdk.json context: 2 faults\n' +
      `  - variant is "huge"; it must be one of ${VARIANT_IDS.join(', ')}, or several with commas\n` +
      '  - hosting is "batch"; it must be one of real-time, serverless, asynchronous, multi-model, inference-components\n',
  );
});

test('cdk.json sets every flag that the CDK recommends, so that nothing is said of flags', () => {
  const open = Object.entries(FLAGS)
    .filter(([name]) => ours[name] === undefined)
    .filter(([, flag]) => (flag.unconfiguredBehavesLike?.v2 ?? false) !== flag.recommendedValue)
    .map(([name]) => name);
  expect(open).toEqual([]);
});
