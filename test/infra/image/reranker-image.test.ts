import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { type CpuArchitecture, RerankerImage } from '@sagemaker-reranker/infra';
import { buildContext, removeFixtures, temporaryDirectory } from '../support/fixtures.js';
import { emptyStack } from '../support/stacks.js';

afterAll(removeFixtures);

interface DockerAsset {
  readonly source: { readonly dockerFile: string; readonly platform: string; readonly directory: string };
}

/** The docker assets that a synthesis hands to the deployment, by hash. */
function dockerAssets(directory: string, architecture: CpuArchitecture): [string, DockerAsset][] {
  const outdir = temporaryDirectory();
  const app = new App({ outdir });
  const stack = new Stack(app, 'Test');
  const { uri } = RerankerImage.fromAsset({ directory }).bind(stack, 'Image', architecture);
  new StringParameter(stack, 'Uri', { stringValue: uri });
  app.synth();
  const manifest = readdirSync(outdir).find((name) => name.endsWith('.assets.json'))!;
  const { dockerImages } = JSON.parse(readFileSync(path.join(outdir, manifest), 'utf8')) as {
    dockerImages: Record<string, DockerAsset>;
  };
  return Object.entries(dockerImages);
}

test.each([
  ['arm64', 'linux/arm64'],
  ['x86_64', 'linux/amd64'],
] as const)('an %s instance gets an image for %s', (architecture, platform) => {
  const [[, asset] = []] = dockerAssets(buildContext(), architecture);
  expect(asset?.source).toMatchObject({ platform });
});

test('the hash follows the Dockerfile, not what never reaches the image', () => {
  const directory = buildContext();
  writeFileSync(path.join(directory, '.dockerignore'), '*\n!kept\n');
  const hash = () => dockerAssets(directory, 'x86_64').map(([name]) => name)[0];
  const before = hash();
  for (const name of ['node_modules', 'test', '.git']) {
    mkdirSync(path.join(directory, name));
    writeFileSync(path.join(directory, name, 'churn'), String(Math.random()));
  }
  expect(hash()).toBe(before);
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\nUSER 1\n');
  expect(hash()).not.toBe(before);
});

test('of this package, the Dockerfile and what it copies are handed to docker, and nothing else', () => {
  const outdir = temporaryDirectory();
  const app = new App({ outdir });
  RerankerImage.fromAsset().bind(new Stack(app, 'Test'), 'Image', 'x86_64');
  const [staged] = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
  const context = path.join(outdir, staged!);
  expect(readdirSync(context).sort()).toEqual([
    'Dockerfile',
    'embedded',
    'main.js',
    'natives.mjs',
    'package-lock.json',
    'package.json',
    'worker.js',
  ]);
});

test.each(['serving', 'training'])(
  'the %s image is built on one of the public ECR, which has no rate limit',
  (purpose) => {
    const file = path.resolve(__dirname, '../../../infra/image', purpose, 'Dockerfile');
    const lines = readFileSync(file, 'utf8').split('\n');
    const defaults = new Map(
      lines.flatMap((line) => {
        const [, name, value] = /^ARG (\w+)=(.+)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, value] as const];
      }),
    );
    const bases = lines
      .flatMap((line) => /^FROM (?:--\S+ )*(\S+)/.exec(line)?.[1] ?? [])
      .map((base) => base.replace(/\$\{(\w+)\}/, (_, name: string) => defaults.get(name) ?? ''));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/^public\.ecr\.aws\//);
  },
);

test('refuses a directory without a Dockerfile', () => {
  const directory = temporaryDirectory();
  expect(() => RerankerImage.fromAsset({ directory })).toThrow(
    `no Dockerfile at ${path.join(directory, 'Dockerfile')}`,
  );
});

test('an image already pushed is used as it is', () => {
  const stack = emptyStack();
  const repository = Repository.fromRepositoryName(stack, 'Repository', 'rerankers');
  const bound = RerankerImage.fromRepository(repository, 'v1').bind(stack, 'Image', 'arm64');
  expect(JSON.stringify(stack.resolve(bound.uri))).toContain('/rerankers:v1');
});
