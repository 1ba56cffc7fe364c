import { rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { ErrorBody, RerankResponseBody } from '../../client/src/wire.js';
import { removeModels, slowModel, smallModel, words } from './support/model.js';
import { spawnContainer, startContainer, stopContainers } from './support/process.js';

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const slowRequest = { query: 'q', documents: [words('ab', 4_000)] };
const codeOf = (json: ErrorBody) => json.error.code;

describe('serve', () => {
  it('answers pings with 503 until the model is loaded, then with 200', async () => {
    const container = spawnContainer(['serve', '--port', '0', '--model', await smallModel()]);
    await container.logged('listening');
    const early = await container.ping();
    expect([200, 503]).toContain(early.status);
    if (early.status === 503) expect(codeOf(early.json)).toBe('not_ready');
    await container.logged('ready');
    expect((await container.ping()).status).toBe(200);
    const listening = container.log.findIndex(({ msg }) => msg === 'listening');
    expect(container.log.findIndex(({ msg }) => msg === 'ready')).toBeGreaterThan(listening);
  });

  it('takes port and model directory from the environment', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => free.once('listening', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const env = { SAGEMAKER_BIND_TO_PORT: String(port), RERANKER_MODEL_DIR: await smallModel() };
    const container = spawnContainer(['serve'], env);
    await container.logged('ready');
    expect(container.port()).toBe(port);
    expect((await container.ping()).status).toBe(200);
  });

  it('answers on the loopback address of IPv6, where there is one, as on that of IPv4', async () => {
    const container = await startContainer(await smallModel());
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
    const hosts = ['127.0.0.1', ...(own.some(({ address }) => address === '::1') ? ['[::1]'] : [])];
    for (const host of hosts) {
      expect((await fetch(`http://${host}:${container.port()}/ping`)).status).toBe(200);
    }
  });

  it('answers pings at once while a long batch runs', async () => {
    const container = await startContainer(await slowModel());
    const long = container.rerank({ query: 'q', documents: [words('ab', 6_000)] });
    await container.busy();
    let answered = false;
    void long.then(() => (answered = true));
    for (let pings = 0; pings < 10; pings += 1) expect((await container.ping()).status).toBe(200);
    expect(answered).toBe(false);
    expect((await long).status).toBe(200);
  });

  it('answers 504 at the deadline and goes on', async () => {
    const container = await startContainer(await slowModel(), { RERANKER_DEADLINE_MS: '250' });
    const answer = await container.rerank({ query: 'q', documents: [words('ab', 6_000)] });
    expect(answer.status).toBe(504);
    expect(codeOf(answer.json)).toBe('deadline_exceeded');
    expect((await container.ping()).status).toBe(200);
  });

  it('answers 429 with Retry-After when the token queue is full', async () => {
    const container = await startContainer(await slowModel(), { RERANKER_QUEUE_TOKENS: '5000' });
    const first = container.rerank(slowRequest);
    await container.busy();
    const second = await container.rerank(slowRequest);
    expect(second.status).toBe(429);
    expect(codeOf(second.json)).toBe('overloaded');
    expect(Number(second.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await first).status).toBe(200);
  });

  it('drops the work of a caller that hangs up', async () => {
    const container = await startContainer(await slowModel());
    const gone = new AbortController();
    const documents = Array.from({ length: 50 }, (_, i) => words(`a${'b'.repeat(i)}`, 4_000));
    const hungUp = container.rerank({ query: 'q', documents }, { signal: gone.signal });
    void container.busy().then(() => gone.abort());
    await expect(hungUp).rejects.toThrow('abort');
    // Fifty such documents would outlast this test by far.
    const answer = await container.rerank({ query: 'q', documents: ['x'] });
    expect(answer.status).toBe(200);
    await container.logged('caller hung up');
  });

  it('replaces a killed inference process and answers the request it held', async () => {
    const container = await startContainer(await slowModel());
    const { pid } = await container.logged('inference process ready');
    const answer = container.rerank(slowRequest);
    await container.busy();
    process.kill(pid as number, 'SIGKILL');
    expect((await answer).status).toBe(200);
    expect(await container.logged('inference process ended')).toMatchObject({
      cause: 'SIGKILL',
      level: 'error',
    });
    expect((await container.ping()).status).toBe(200);
  });

  it('replaces an inference process that hangs and answers the request it held', async () => {
    const container = await startContainer(await smallModel(), { RERANKER_BATCH_TIMEOUT_MS: '1000' });
    const { pid } = await container.logged('inference process ready');
    process.kill(pid as number, 'SIGSTOP');
    const answer = await container.rerank({ query: 'q', documents: ['a'] });
    expect(answer.status).toBe(200);
    await container.logged('inference process hangs', { pid });
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
  });
});

describe('SIGTERM', () => {
  it('finishes what is in flight, refuses the rest, and exits with 0', async () => {
    const container = await startContainer(await slowModel());
    const answer = container.rerank(slowRequest);
    await container.busy();
    container.child.kill('SIGTERM');
    await container.logged('draining');
    container.child.kill('SIGTERM');
    // On new connections too, as long as requests are in flight.
    for (const told of [await container.ping(), await container.rerank({ query: 'q', documents: ['a'] })]) {
      expect([told.status, told.headers.connection]).toEqual([503, 'close']);
    }
    const finished = await answer;
    expect([finished.status, finished.headers.connection]).toEqual([200, 'close']);
    expect((finished.json as RerankResponseBody).results).toHaveLength(1);
    expect(await container.exited).toBe(0);
    expect(container.log.at(-1)).toMatchObject({ msg: 'drained' });
  });

  it('answers on connections that are open: pings and new work with 503', async () => {
    const container = await startContainer(await slowModel());
    const first = container.rerank(slowRequest);
    const late = container.lateRequest();
    await container.busy();
    container.child.kill('SIGTERM');
    await container.logged('draining');
    const refused = await late.finish(JSON.stringify({ query: 'q', documents: ['x'] }));
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toMatch(/"code":"draining"/);
    expect((await first).status).toBe(200);
    expect(await container.exited).toBe(0);
  });

  it('fails what outlasts the drain, and exits with 0', async () => {
    const container = await startContainer(await slowModel(), { RERANKER_DRAIN_MS: '100' });
    const answer = container.rerank({ query: 'q', documents: [words('ab', 6_000)] });
    await container.busy();
    container.child.kill('SIGTERM');
    const failed = await answer;
    expect(failed.status).toBe(503);
    expect(codeOf(failed.json)).toBe('draining');
    expect(await container.exited).toBe(0);
  });

  it('exits with 0 while the model still loads', async () => {
    const container = spawnContainer(['serve', '--port', '0', '--model', await smallModel()]);
    await container.logged('listening');
    container.child.kill('SIGTERM');
    expect(await container.exited).toBe(0);
  });
});

describe('what it cannot start with', () => {
  async function refusal(args: string[], env: Record<string, string> = {}): Promise<string> {
    const container = spawnContainer(args, env);
    expect(await container.exited).toBe(2);
    return container.stderr;
  }

  it('says which file of the model is wrong and why, in one line and in the log, and exits with 2', async () => {
    const directory = await smallModel();
    await rm(path.join(directory, 'tokenizer.json'));
    const container = spawnContainer(['serve', '--port', '0', '--model', directory]);
    expect(await container.exited).toBe(2);
    expect(container.stderr).toMatch(/^reranker: \S+tokenizer\.json is missing; [^\n]+\n$/);
    const fatal = await container.logged('the model cannot be loaded');
    expect(fatal).toMatchObject({ level: 'fatal', reason: container.stderr.slice('reranker: '.length, -1) });

    const empty = await refusal(['serve', '--port', '0'], { RERANKER_MODEL_DIR: '/nonexistent/model' });
    expect(empty).toBe('reranker: no model directory at /nonexistent/model\n');
  });

  it('names an ONNX file that cannot be loaded', async () => {
    const directory = await smallModel();
    const { size } = await stat(path.join(directory, 'model.onnx'));
    await writeFile(path.join(directory, 'model.onnx'), Buffer.alloc(size, 7));
    expect(await refusal(['serve', '--port', '0', '--model', directory])).toMatch(
      /^reranker: \S+model\.onnx cannot be loaded: [^\n]+\n$/,
    );
  });

  it('names settings, flags and commands it does not know', async () => {
    expect(await refusal(['serve'], { SAGEMAKER_BIND_TO_PORT: 'http', RERANKER_WORKERS: '0' })).toBe(
      'reranker: RERANKER_WORKERS is "0"; it must be a whole number from 1 to 64; ' +
        'SAGEMAKER_BIND_TO_PORT is "http"; it must be a whole number from 0 to 65535\n',
    );
    expect(await refusal(['serve', '--prot', '1'])).toMatch(
      /^reranker: Unknown option '--prot'[^]*serve --help lists the flags/,
    );
    expect(await refusal([])).toMatch(/expected the one command serve, got ""/);
    expect(await refusal(['train'])).toMatch(
      /expected the one command serve, got "train"\nserve --help lists the flags/,
    );
  });

  it('lists its flags with variables, defaults and meanings in columns', async () => {
    const container = spawnContainer(['serve', '--help']);
    expect(await container.exited).toBe(0);
    const rows = container.stdout.split('\n').filter((line) => line.startsWith('  -'));
    expect(rows.length).toBeGreaterThan(20);
    for (const row of rows) expect(row).toMatch(/^ {2}--[\w-]+ [A-Z]+ +[A-Z]\w+ {2,}\S.*? {2,}\S/);
    expect(container.stdout).toMatch(/--deadline-ms N +RERANKER_DEADLINE_MS +60000 +milliseconds/);
  });

  it('says that a port is taken', async () => {
    const server = createServer().listen(0, '0.0.0.0');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const message = await refusal(['serve', '--port', String(port), '--model', await smallModel()]);
    expect(message).toMatch(new RegExp(`^reranker: .*EADDRINUSE.*${port}`));
    server.close();
  });
});
