import type { ErrorBody } from '../../client/src/wire.js';
import { removeModels, slowModel, smallModel, words } from './support/model.js';
import { spawnContainer, stopContainers, type Answer, type ContainerProcess } from './support/process.js';

let first: string;
let second: string;

beforeAll(async () => {
  first = await smallModel();
  second = await smallModel({ documentType: 0 });
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<ContainerProcess> {
  const container = spawnContainer(['serve', '--port', '0', '--threads', '1'], {
    SAGEMAKER_MULTI_MODEL: 'true',
    ...env,
  });
  await container.logged('ready');
  return container;
}

const load = (container: ContainerProcess, name: string, url: string): Promise<Answer> =>
  container.send('/models', { body: JSON.stringify({ model_name: name, url }) });
const get = (container: ContainerProcess, path: string): Promise<Answer> =>
  container.send(path, { method: 'GET', headers: {} });
const unload = (container: ContainerProcess, name: string): Promise<Answer> =>
  container.send(`/models/${name}`, { method: 'DELETE', headers: {} });
const invoke = (container: ContainerProcess, name: string, body: unknown): Promise<Answer> =>
  container.send(`/models/${name}/invoke`, { body: JSON.stringify(body) });
const codeOf = (answer: Answer): string => (answer.json as { error: { code: string } }).error.code;

describe('a multi-model endpoint', () => {
  it('loads, lists, calls and unloads models by name', async () => {
    const container = await start();
    expect((await container.ping()).status).toBe(200);
    expect((await get(container, '/models')).json).toEqual({ models: [] });
    for (const [name, url] of [
      ['one', first],
      ['two', second],
    ] as const) {
      expect((await load(container, name, url)).status).toBe(200);
    }
    expect((await get(container, '/models')).json).toEqual({
      models: [
        { modelName: 'one', modelUrl: first },
        { modelName: 'two', modelUrl: second },
      ],
    });
    expect((await get(container, '/models/two')).json).toEqual({ modelName: 'two', modelUrl: second });
    const request = { query: 'the fox', documents: ['the fox runs', 'a b c'], raw_scores: true };
    const [one, two] = [await invoke(container, 'one', request), await invoke(container, 'two', request)];
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(one.text).not.toBe(two.text);
    expect((await unload(container, 'one')).status).toBe(200);
    expect(codeOf(await invoke(container, 'one', request))).toBe('model_not_found');
    expect((await invoke(container, 'two', request)).text).toBe(two.text);
    expect((await load(container, 'one', first)).status).toBe(200);
    expect((await invoke(container, 'one', request)).text).toBe(one.text);
  });

  it('answers 404, 409 and 405', async () => {
    const container = await start();
    const [a, b] = await Promise.all([load(container, 'one', first), load(container, 'one', first)]);
    expect([a.status, b.status].sort()).toEqual([200, 409]);
    expect(codeOf(await load(container, 'one', second))).toBe('model_exists');
    for (const answer of [
      await get(container, '/models/none'),
      await unload(container, 'none'),
      await invoke(container, 'none', {}),
      await get(container, '/models/%E0%A4%A'),
    ]) {
      expect(answer.status).toBe(404);
    }
    expect((await container.send('/models', { method: 'PUT' })).headers.allow).toBe('GET, HEAD, POST');
    expect((await container.rerank({ query: 'q', documents: ['a'] })).status).toBe(404);
  });

  it('says what is wrong with a request to load', async () => {
    const container = await start();
    expect(codeOf(await load(container, 'one', '/nonexistent'))).toBe('model_unusable');
    expect(codeOf(await container.send('/models', { body: '{}' }))).toBe('invalid_request');
    expect(codeOf(await container.send('/models', { body: '{' }))).toBe('invalid_json');
    expect(codeOf(await get(container, '/models?next_page_token=x'))).toBe('invalid_request');
    // What failed leaves nothing behind.
    expect((await load(container, 'one', first)).status).toBe(200);
  });

  it('answers 507 when memory is full, and takes the model when another has gone', async () => {
    const container = await start({ RERANKER_MODEL_MEMORY_BYTES: String(150 * 1024 * 1024) });
    expect((await load(container, 'one', first)).status).toBe(200);
    const full = await load(container, 'two', second);
    expect([full.status, codeOf(full)]).toEqual([507, 'insufficient_memory']);
    // Held: what its inference process is measured to hold, and what its largest batch may add.
    const loaded = await container.logged('model loaded', { model: 'one' });
    const used = (loaded.residentBytes as number) + (loaded.batchBytes as number);
    expect(loaded.residentBytes).toBeGreaterThan(50e6);
    expect(loaded.batchBytes).toBe((await container.logged('memory planned')).largestBatchBytes);
    expect((full.json as ErrorBody).error.details).toMatchObject({ used, limit: 150 * 1024 * 1024 });
    expect((await unload(container, 'one')).status).toBe(200);
    expect((await load(container, 'two', second)).status).toBe(200);
  });

  it('unloads a model under traffic when its last request is answered', async () => {
    const container = await start();
    expect((await load(container, 'slow', await slowModel())).status).toBe(200);
    const documents = Array.from({ length: 2 }, (_, i) => words('ab', 7_000 - i));
    const answer = invoke(container, 'slow', { query: 'q', documents });
    await container.busy();
    const unloading = unload(container, 'slow');
    let gone = false;
    void unloading.then(() => (gone = true));
    while ((await invoke(container, 'slow', {})).status !== 404);
    expect(gone).toBe(false);
    expect((await answer).status).toBe(200);
    expect((await unloading).status).toBe(200);
  });

  it('ends all inference processes on SIGTERM', async () => {
    const container = await start();
    await load(container, 'one', first);
    const { pid } = await container.logged('inference process ready');
    container.child.kill('SIGTERM');
    expect(await container.exited).toBe(0);
    expect(() => process.kill(pid as number, 0)).toThrow('ESRCH');
  });
});
