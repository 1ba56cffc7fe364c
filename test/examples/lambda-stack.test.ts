import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

type Resources = Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>;

test('the app of the Lambda example gives its function the endpoint, and its API an authorizer', async () => {
  const out = await mkdtemp(path.join(tmpdir(), 'lambda-stack-'));
  try {
    await promisify(execFile)(process.execPath, ['scripts/example.mjs', 'lambda-api-gateway/stack'], {
      cwd: path.resolve(__dirname, '../..'),
      env: { ...process.env, CDK_OUTDIR: out },
    });
    const template = await readFile(path.join(out, 'RerankedSearch.template.json'), 'utf8');
    const { Resources: resources } = JSON.parse(template) as { Resources: Resources };
    const one = (type: string) => Object.entries(resources).find(([, { Type }]) => Type === type)!;
    const [endpoint] = one('AWS::SageMaker::Endpoint');
    const functions = Object.values(resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
    expect(functions.map(({ Properties }) => Properties.Environment)).toContainEqual({
      Variables: expect.objectContaining({
        RERANKER_ENDPOINT_NAME: { 'Fn::GetAtt': [endpoint, 'EndpointName'] },
      }) as object,
    });
    expect(template).toContain('sagemaker:InvokeEndpoint');
    expect(one('AWS::ApiGatewayV2::Route')[1].Properties).toMatchObject({
      RouteKey: 'POST /search',
      AuthorizationType: 'AWS_IAM',
    });
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
