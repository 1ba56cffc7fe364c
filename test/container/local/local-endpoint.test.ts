import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describeExit, LocalEndpointError } from '../../../container/src/local/index.js';
import { send, startFailing } from './harness.js';

async function refusal(promise: Promise<unknown>): Promise<LocalEndpointError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LocalEndpointError);
  return error as LocalEndpointError;
}

describe('startLocalEndpoint', () => {
  it('hands on what the container logs', async () => {
    const lines: string[] = [];
    const local = await startFailing({ log: (line) => lines.push(line) });
    await local.close();
    expect(lines).toEqual([`fake container on ${new URL(local.containerUrl).port}`]);
  });

  it('reports a port in use before it starts a container', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const lines: string[] = [];
    const error = await refusal(startFailing({ port, log: (line) => lines.push(line) }));
    taken.close();
    expect(error.code).toBe('listen_failed');
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(lines).toEqual([]);
  });

  it.each([-1, 70_000])('refuses port %i', async (port) => {
    expect((await refusal(startFailing({ port }))).code).toBe('listen_failed');
  });

  it('reports a container that ends while starting, with its last lines', async () => {
    const error = await refusal(startFailing({ modelDirectory: 'exit' }));
    expect(error.code).toBe('container_exited');
    expect(error.message).toContain('exit code 2');
    expect(error.message).toContain('no model directory at exit');
  });

  it('gives up a container that never becomes healthy', async () => {
    const error = await refusal(startFailing({ modelDirectory: 'never', startTimeoutMs: 200 }));
    expect(error.code).toBe('container_start_timeout');
  });

  it('reports a crash, answers ModelError for it and 503 on /ping from then on', async () => {
    const local = await startFailing();
    const url = `${local.url}/endpoints/e/invocations`;
    const during = await send(url, { body: '{"query":"crash"}' });
    expect(describeExit(await local.exited)).toBe('exit code 3');
    const after = await send(url, { body: '{}' });
    for (const answer of [during, after]) {
      expect(answer.status).toBe(424);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        OriginalStatusCode: 0,
        OriginalMessage: expect.stringContaining('could not get a response from the e endpoint') as string,
      });
    }
    expect((await send(`${local.url}/ping`, { method: 'GET' })).status).toBe(503);
    await local.close();
  });

  it('finishes the call in flight when it is closed, and takes no new ones', async () => {
    const local = await startFailing();
    const url = `${local.url}/endpoints/e/invocations`;
    const inFlight = send(url, { body: '{"query":"slow"}' });
    while (!(await send(url, { body: '{"query":"seen"}' })).body.includes('slow'));
    const exits = await Promise.all([local.close(), local.close()]);
    expect(exits).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    expect((await inFlight).body.toString()).toBe('late but whole');
    await expect(send(`${local.url}/ping`, { method: 'GET' })).rejects.toThrow('ECONNREFUSED');
  });
});

it('lets a caller answer requests of its own, and answers the others itself', async () => {
  const local = await startFailing({
    intercept: (request, response) => {
      if (request.url !== '/') return false;
      response.end('a page');
      return true;
    },
  });
  expect(await (await fetch(local.url)).text()).toBe('a page');
  expect((await fetch(`${local.url}/ping`)).status).toBe(200);
  await local.close();
});
