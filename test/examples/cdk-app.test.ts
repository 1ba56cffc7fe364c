import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const example = path.resolve(__dirname, '../../examples/cdk-app');
const outdir = mkdtempSync(path.join(tmpdir(), 'reranker-cdk-app-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

interface Template {
  readonly Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

test('the app of its README synthesizes to what the README shows', () => {
  const { app } = JSON.parse(readFileSync(path.join(example, 'cdk.json'), 'utf8')) as { app: string };
  const [program, ...args] = app.split(' ');
  execFileSync(program!, args, { cwd: example, env: { PATH: process.env.PATH, CDK_OUTDIR: outdir } });
  const { Resources } = JSON.parse(
    readFileSync(path.join(outdir, 'SearchService.template.json'), 'utf8'),
  ) as Template;
  const types = Object.values(Resources)
    .map(({ Type }) => Type)
    .filter((type) => type.startsWith('AWS::SageMaker::'));
  const counted = [...new Set(types)]
    .sort()
    .map((type) => `${types.filter((each) => each === type).length} Type: ${type}`);
  const [, shown] = /```text\n([^]*?)```/.exec(readFileSync(path.join(example, 'README.md'), 'utf8'))!;
  expect(shown!.trim().split(/\n\s*/)).toEqual(counted);
  const [config] = Object.values(Resources).filter(({ Type }) => Type === 'AWS::SageMaker::EndpointConfig');
  expect(config!.Properties.ProductionVariants).toMatchObject([
    { VariantName: 'AllTraffic', InitialInstanceCount: 2, InitialVariantWeight: 0.9 },
    { VariantName: 'Candidate', InitialVariantWeight: 0.1 },
  ]);
});
