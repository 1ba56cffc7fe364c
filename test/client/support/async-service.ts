import { randomUUID } from 'node:crypto';
import { startService, type Service } from './service.js';

/** What of an asynchronous endpoint a test sees: the objects in its S3 and the invocations it took. */
export interface AsyncService extends Service {
  /** By bucket and key. */
  readonly objects: Map<string, Buffer>;
  readonly invocations: { readonly body: Buffer; readonly headers: Record<string, unknown> }[];
}

export interface AsyncBehaviour {
  /** What the model writes to the output; a thrown error goes to the failure file. */
  readonly answer: (body: Buffer) => string;
  readonly delayMs: number;
  /** Whether the endpoint's configuration names a path for failures. */
  readonly failurePath: boolean;
}

/** An asynchronous endpoint and the S3 it works with, behind one URL: InvokeEndpointAsync, GetObject, PutObject. */
export async function startAsyncService(behaviour: () => AsyncBehaviour): Promise<AsyncService> {
  const objects = new Map<string, Buffer>();
  const invocations: AsyncService['invocations'] = [];
  const run = (body: Buffer, output: string, failure: string): void => {
    const { answer, failurePath } = behaviour();
    try {
      objects.set(output, Buffer.from(answer(body)));
    } catch (error) {
      if (failurePath) objects.set(failure, Buffer.from((error as Error).message));
    }
  };
  const service = await startService((request, response, body) => {
    const path = decodeURIComponent((request.url ?? '').split('?')[0]!);
    if (path.endsWith('/async-invocations')) {
      const location = request.headers['x-amzn-sagemaker-inputlocation'] as string | undefined;
      const input = location === undefined ? body : objects.get(location.replace('s3://', ''));
      if (!input) {
        response.writeHead(400, { 'x-amzn-errortype': 'ValidationError' });
        response.end(JSON.stringify({ Message: `Unable to access ${location}` }));
        return;
      }
      invocations.push({ body: input, headers: request.headers });
      const id = randomUUID();
      const [output, failure] = [`bucket/out/${id}.out`, `bucket/failed/${id}-error.out`];
      const { delayMs, failurePath } = behaviour();
      setTimeout(() => run(input, output, failure), delayMs).unref();
      response.writeHead(202, {
        'content-type': 'application/json',
        'x-amzn-sagemaker-outputlocation': `s3://${output}`,
        ...(failurePath && { 'x-amzn-sagemaker-failurelocation': `s3://${failure}` }),
      });
      response.end(JSON.stringify({ InferenceId: id }));
      return;
    }
    const key = path.slice(1);
    if (request.method === 'PUT') {
      objects.set(key, body);
      response.writeHead(200, { etag: '"x"' }).end();
      return;
    }
    const object = objects.get(key);
    if (object) response.end(object);
    else {
      response.writeHead(404, { 'content-type': 'application/xml' });
      response.end(
        '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>',
      );
    }
  });
  return Object.assign(service, { objects, invocations });
}
