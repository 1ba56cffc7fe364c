import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { deploy, type DeploymentOptions } from '@sagemaker-reranker/cost/measure';

// Against a loopback server that speaks SageMaker's JSON 1.1 protocol: each call has its operation in X-Amz-Target.

let server: Server;
let calls: { readonly operation: string; readonly input: Record<string, unknown> }[];
let answer: (operation: string, times: number) => { status?: number; body?: object };
const environment = { ...process.env };

beforeEach(async () => {
  calls = [];
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' });
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const operation = String(request.headers['x-amz-target']).split('.')[1]!;
      calls.push({ operation, input: JSON.parse(body) as Record<string, unknown> });
      const { status = 200, body: reply = {} } = answer(
        operation,
        calls.filter((call) => call.operation === operation).length,
      );
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  process.env = { ...environment };
  await new Promise((resolve) => server.close(resolve));
});

const options = (changes: Partial<DeploymentOptions> = {}): DeploymentOptions => ({
  name: 'reranker-measure-1',
  instanceType: 'ml.c7i.xlarge',
  image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/reranker:1',
  role: 'arn:aws:iam::111122223333:role/measure',
  modelData: 's3://models/tiny/model.tar.gz',
  region: 'eu-west-1',
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  pollSeconds: 0.01,
  onProgress: () => undefined,
  signal: new AbortController().signal,
  ...changes,
});
const operations = (): string[] => calls.map(({ operation }) => operation);
const status = (EndpointStatus: string, FailureReason?: string) => ({
  body: {
    EndpointName: 'reranker-measure-1',
    EndpointArn: 'arn:aws:sagemaker:eu-west-1:111122223333:endpoint/reranker-measure-1',
    EndpointStatus,
    FailureReason,
    CreationTime: 1,
    LastModifiedTime: 1,
  },
});

test('a model, a configuration and an endpoint of the type are made, awaited, and removed in reverse', async () => {
  answer = (operation, times) =>
    operation === 'DescribeEndpoint' ? status(times < 3 ? 'Creating' : 'InService') : { body: {} };
  const deployment = await deploy(options());
  expect(deployment.startSeconds).toBeGreaterThan(0);
  expect(operations()).toEqual([
    ...['CreateModel', 'CreateEndpointConfig', 'CreateEndpoint'],
    ...Array<string>(3).fill('DescribeEndpoint'),
  ]);
  expect(calls[0]!.input).toMatchObject({
    PrimaryContainer: { Image: options().image, ModelDataUrl: options().modelData },
  });
  expect(calls[1]!.input).toMatchObject({
    ProductionVariants: [{ InstanceType: 'ml.c7i.xlarge', InitialInstanceCount: 1 }],
  });
  calls = [];
  await deployment.remove();
  expect(operations()).toEqual(['DeleteEndpoint', 'DeleteEndpointConfig', 'DeleteModel']);
  await deployment.remove();
  expect(operations()).toHaveLength(3);
});

test('an endpoint that fails says why, and nothing is left', async () => {
  answer = (operation) =>
    operation === 'DescribeEndpoint' ? status('Failed', 'the instance quota is 0') : { body: {} };
  await expect(deploy(options())).rejects.toThrow(
    /ml\.c7i\.xlarge cannot be measured: the instance quota is 0/,
  );
  expect(operations().slice(-3)).toEqual(['DeleteEndpoint', 'DeleteEndpointConfig', 'DeleteModel']);
});

test('what was made before a refusal is removed, and the refusal is told', async () => {
  answer = (operation) =>
    operation === 'CreateEndpointConfig'
      ? { status: 400, body: { __type: 'ValidationException', message: 'no such type' } }
      : { body: {} };
  await expect(deploy(options())).rejects.toThrow(/ValidationException: no such type/);
  expect(operations()).toEqual(['CreateModel', 'CreateEndpointConfig', 'DeleteModel']);
});

test('an abort while it starts removes it; what cannot be removed is named', async () => {
  const abort = new AbortController();
  answer = (operation) => {
    if (operation !== 'DescribeEndpoint') return { body: {} };
    abort.abort(new Error('interrupted'));
    return status('Creating');
  };
  await expect(deploy(options({ signal: abort.signal }))).rejects.toThrow('interrupted');
  expect(operations().slice(-3)).toEqual(['DeleteEndpoint', 'DeleteEndpointConfig', 'DeleteModel']);
  answer = (operation) => {
    if (operation === 'DescribeEndpoint') return status('InService');
    const busy = { status: 400, body: { __type: 'ValidationException', message: 'still creating' } };
    return operation === 'DeleteEndpoint' ? busy : { body: {} };
  };
  const deployment = await deploy(options());
  await expect(deployment.remove()).rejects.toThrow(
    /costs money until it is: endpoint reranker-measure-1 \(ValidationException: still creating\)/,
  );
});
