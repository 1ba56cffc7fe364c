import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Architecture, ModelError, readManifest } from '@sagemaker-reranker/models';
import { type FetchOptions, fetchModel } from '@sagemaker-reranker/models/build';
import { exportLike } from '../../support/exported.js';
import { LoopbackHub } from '../../support/hub.js';
import { halfSafetensors, publishedWeights, writePublished } from '../../support/published.js';
import { stored } from '../../support/stored.js';

const jina: Architecture = { layers: 2, hidden: 48, heads: 3, intermediate: 200, vocabulary: 90 };
const weights = halfSafetensors(publishedWeights(jina, 3), 'BF16');

let root: string;
let out: string;
let hub: LoopbackHub;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'fetch-'));
  out = path.join(root, 'model');
  hub = new LoopbackHub();
  await hub.start();
  const source = path.join(root, 'source');
  await writePublished(source, jina);
  for (const file of ['config.json', 'tokenizer.json']) {
    hub.files.set(file, await readFile(path.join(source, file)));
  }
  hub.files.set('model.safetensors', weights);
  await rm(source, { recursive: true });
});
afterEach(async () => {
  await hub.stop();
  await rm(root, { recursive: true, force: true });
});

const get = (more: Partial<FetchOptions> = {}) =>
  fetchModel({
    model: 'some/model',
    out,
    endpoint: hub.endpoint,
    retry: { tries: 3, pauseMs: 1 },
    ...more,
  });
async function failure(more: Partial<FetchOptions> = {}): Promise<ModelError> {
  const error: unknown = await get(more).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ModelError);
  expect(await readdir(root)).not.toContain('model');
  return error as ModelError;
}
const isWeights = (url: string | undefined) => url === '/model.safetensors';
const ranges = () =>
  hub.requests
    .filter(({ origin, url }) => origin === 'store' && isWeights(url))
    .map(({ range }) => range ?? 'whole');
const part = path.join(`model.download-${LoopbackHub.commit.slice(0, 12)}`, 'model.safetensors.part');

it('refuses weight bits of fp32 weights before it downloads them', async () => {
  expect((await failure({ precision: 'fp32', weightBits: 7 })).code).toBe('config_invalid');
  expect(hub.requests).toEqual([]);
});

describe('fetching from the hub', () => {
  it('builds from safetensors and records repository, commit and digests', async () => {
    hub.files.set('onnx/model.onnx', Buffer.from('not wanted'));
    const progress = new Map<string, number>();
    const manifest = await get({
      token: 'secret',
      precision: 'int8',
      onProgress: (file, bytes) => progress.set(file.path, bytes),
    });
    expect(manifest).toMatchObject({
      name: 'model',
      precision: 'int8',
      source: {
        kind: 'hub',
        repository: 'some/model',
        revision: LoopbackHub.commit,
        files: [
          { path: 'config.json', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
          { path: 'tokenizer.json' },
          { path: 'model.safetensors', bytes: weights.length },
        ],
      },
    });
    expect(await readManifest(out)).toEqual(manifest);
    expect(await readdir(root)).toEqual(['model']);
    expect(Object.fromEntries(progress)).toEqual(
      Object.fromEntries(
        [...hub.files]
          .filter(([name]) => name !== 'onnx/model.onnx')
          .map(([name, data]) => [name, data.length]),
      ),
    );
    for (const { origin, authorization } of hub.requests) {
      expect(authorization).toBe(origin === 'hub' ? 'Bearer secret' : undefined);
    }
  });

  it('takes the fp32 export where there are no safetensors', async () => {
    hub.files.delete('model.safetensors');
    hub.files.set('onnx/model.onnx', Buffer.from(exportLike(jina, publishedWeights(jina, 3), 'biases')));
    const manifest = await get();
    expect(manifest.source.weights).toMatchObject({ path: 'onnx/model.onnx' });
  });

  it('asks for the commit that the registry pins', async () => {
    await get({ model: 'tiny' });
    const pinned = /^\/api\/models\/jinaai\/jina-reranker-v1-tiny-en\/revision\/[0-9a-f]{40}\?/;
    expect(hub.requests[0].url).toMatch(pinned);
  });

  it('continues where the connection dropped, in one call and in the next', async () => {
    const half = Math.floor(weights.length / 2);
    let drops = 2;
    hub.misbehave = ({ url, headers }, response, body) => {
      if (!isWeights(url) || drops === 0) return false;
      drops--;
      const from = headers.range ? half : 0;
      response.writeHead(headers.range ? 206 : 200, {
        'content-length': body.length - from,
        ...(headers.range && { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` }),
      });
      response.write(body.subarray(from, half));
      void stored(path.join(root, part), half).then(() => response.destroy());
      return true;
    };
    expect((await failure({ retry: { tries: 2, pauseMs: 1 } })).code).toBe('hub_unreachable');
    expect((await stat(path.join(root, part))).size).toBe(half);
    await get();
    expect(ranges()).toEqual(['whole', `bytes=${half}-`, `bytes=${half}-`]);
    expect(await readdir(root)).toEqual(['model']);
  });

  it('begins anew where the server knows no ranges', async () => {
    let first = true;
    hub.misbehave = ({ url }, response, body) => {
      if (!isWeights(url)) return false;
      if (!first) return response.writeHead(200).end(body) !== undefined;
      first = false;
      response.writeHead(200, { 'content-length': body.length });
      response.write(body.subarray(0, 100));
      void stored(path.join(root, part), 100).then(() => response.destroy());
      return true;
    };
    const manifest = await get();
    expect(ranges()).toEqual(['whole', 'bytes=100-']);
    expect(manifest.parameters).toBeGreaterThan(0);
  });

  it('deletes a part with a wrong digest and says so', async () => {
    hub.misbehave = ({ url }, response, body) =>
      isWeights(url) && response.writeHead(200).end(Buffer.alloc(body.length)) !== undefined;
    expect(await failure()).toMatchObject({
      code: 'digest_mismatch',
      message: expect.stringContaining('model.safetensors') as string,
    });
    await expect(stat(path.join(root, part))).rejects.toMatchObject({ code: 'ENOENT' });
    hub.misbehave = () => false;
    await get();
  });

  it('checks files that have a git blob id alone', async () => {
    hub.misbehave = ({ url }, response, body) =>
      url === '/config.json' && response.writeHead(200).end(Buffer.alloc(body.length, ' ')) !== undefined;
    expect((await failure()).code).toBe('digest_mismatch');
  });

  it.each([
    ['more', weights.length - 10],
    ['less', weights.length + 10],
  ])('finds that the server sends %s than it says', async (_, claimed) => {
    hub.claimed.set('model.safetensors', claimed);
    expect(await failure()).toMatchObject({
      code: 'download_incomplete',
    });
  });

  it.each([
    [401, 'hub_refused', 'HF_TOKEN'],
    [403, 'hub_refused', 'HF_TOKEN'],
    [404, 'hub_not_found', 'revision'],
    [429, 'hub_limited', 'too many requests'],
    [503, 'hub_unreachable', 'mirror'],
  ])('says what to do about an answer of %d', async (status, code, message) => {
    hub.status = status;
    expect(await failure()).toMatchObject({ code, message: expect.stringContaining(message) as string });
    hub.status = undefined;
    hub.misbehave = ({ url }, response) =>
      isWeights(url) && response.writeHead(status, { 'retry-after': '0' }).end() !== undefined;
    expect((await failure()).code).toBe(code);
  });

  it('waits out a limit that passes', async () => {
    let limited = 2;
    hub.misbehave = ({ url }, response) =>
      isWeights(url) && limited-- > 0 && response.writeHead(429, { 'retry-after': '0' }).end() !== undefined;
    await get();
    expect(ranges()).toEqual(['whole', 'whole', 'whole']);
  });

  it('names what a repository lacks and what is no model', async () => {
    hub.files.delete('tokenizer.json');
    hub.files.delete('model.safetensors');
    expect((await failure()).message).toMatch(/tokenizer\.json, no model\.safetensors or/);
    expect((await failure({ revision: 'none' })).code).toBe('hub_not_found');
    expect(await failure({ model: 'huge' })).toMatchObject({ code: 'unknown_variant' });
    expect((await failure({ model: 'base' })).message).toContain('turbo, tiny');
  });

  it.each([
    ['a decoder', { model_type: 'qwen3' }, 'structure_unsupported', /decoder/],
    ['several labels', { id2label: { 0: 'no', 1: 'yes' } }, 'head_unsupported', /2 labels/],
    [
      'an embedding model',
      { architectures: ['JinaBertModel'] },
      'head_unsupported',
      /no classification head/,
    ],
  ])('refuses %s before a byte of its weights', async (_, change, code, message) => {
    const config = JSON.parse(hub.files.get('config.json')!.toString()) as object;
    hub.files.set('config.json', Buffer.from(JSON.stringify({ ...config, ...change })));
    expect(await failure()).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(hub.requests.filter(({ url }) => isWeights(url))).toEqual([]);
    expect((await readdir(path.dirname(out))).filter((name) => name.includes('.download-'))).toEqual([]);
  });

  it('reads JSON files with a byte order mark, and hands none on', async () => {
    hub.files.set('tokenizer_config.json', Buffer.from('{"model_max_length": 512}'));
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      hub.files.set(name, Buffer.concat([Buffer.from('\uFEFF'), hub.files.get(name)!]));
    }
    await expect(get()).resolves.toMatchObject({ format_version: 1 });
    expect((await readFile(path.join(out, 'tokenizer.json'), 'utf8')).startsWith('{')).toBe(true);
  });

  it('takes the norms of an old checkpoint, gamma and beta', async () => {
    const old = [...publishedWeights(jina, 3)].map(([name, tensor]) => {
      const given = name.replace(/(norm)\.weight$/i, '$1.gamma').replace(/(norm)\.bias$/i, '$1.beta');
      return [given, tensor] as const;
    });
    expect(old.filter(([name]) => name.endsWith('gamma'))).not.toEqual([]);
    hub.files.set('model.safetensors', halfSafetensors(new Map(old), 'BF16'));
    await expect(get()).resolves.toMatchObject({ format_version: 1 });
  });

  const cut = (name: string): Buffer => hub.files.get(name)!.subarray(0, 200);
  const other = { ...jina, layers: 3 };
  it.each<[string, string, () => Buffer, string, RegExp]>([
    [
      'cut off',
      'config.json',
      () => cut('config.json').subarray(0, 40),
      'config_invalid',
      /config\.json is not JSON/,
    ],
    [
      'empty',
      'config.json',
      () => Buffer.alloc(0),
      'config_invalid',
      /config\.json is not JSON: it is empty/,
    ],
    ['a list', 'config.json', () => Buffer.from('[]'), 'config_invalid', /must hold an object/],
    [
      'cut off',
      'tokenizer.json',
      () => cut('tokenizer.json'),
      'tokenizer_invalid',
      /is not a tokenizer\.json/,
    ],
    ['empty', 'tokenizer.json', () => Buffer.alloc(0), 'tokenizer_invalid', /is not a tokenizer\.json/],
    [
      "another model's",
      'tokenizer.json',
      () => Buffer.from(hub.files.get('tokenizer.json')!.toString().replace('"id":3', '"id":70000')),
      'tokenizer_invalid',
      /has ids up to 70000, the model embeds 0 to 89/,
    ],
    [
      "another model's, of far fewer tokens",
      'tokenizer.json',
      () => {
        const small = JSON.parse(hub.files.get('tokenizer.json')!.toString()) as {
          model: { vocab: Record<string, number> };
        };
        const few = Object.entries(small.model.vocab).filter(([, id]) => id < 30);
        small.model.vocab = Object.fromEntries(few);
        return Buffer.from(JSON.stringify(small));
      },
      'tokenizer_invalid',
      /has 30 tokens, the model embeds 90: it is another model's/,
    ],
    [
      'cut off',
      'tokenizer_config.json',
      () => Buffer.from('{"model_max'),
      'config_invalid',
      /tokenizer_config\.json is not JSON/,
    ],
    ['cut off', 'model.safetensors', () => cut('model.safetensors'), 'model_invalid', /model\.safetensors/],
    ['empty', 'model.safetensors', () => Buffer.alloc(0), 'model_invalid', /model\.safetensors/],
    [
      'of more layers than config.json tells of',
      'model.safetensors',
      () => halfSafetensors(publishedWeights(other, 3), 'BF16'),
      'weights_invalid',
      /bert\.encoder\.layer\.2\.\S+ belongs to no layer that config\.json tells of/,
    ],
    [
      'of a narrower model',
      'model.safetensors',
      () => halfSafetensors(publishedWeights({ ...jina, hidden: 24 }, 3), 'BF16'),
      'weights_invalid',
      /word_embeddings\.weight is \[90, 24\], config\.json makes it \[90, 48\]/,
    ],
  ])('names a file that is %s: %s', async (_, name, content, code, message) => {
    hub.files.set(name, content());
    const error = await failure();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(error.message).not.toContain('\n');
  });

  it('tells of sizes that are not those of the registry', async () => {
    const notes: string[] = [];
    await get({ model: 'tiny', onNote: (note) => notes.push(note) });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(
      'jinaai/jina-reranker-v1-tiny-en is not as this version knows tiny: layers is 2, known is 4',
    );
  });

  it('leaves an output that is taken alone, before it asks the hub', async () => {
    await writeFile(out, 'mine');
    await expect(get()).rejects.toMatchObject({ code: 'output_exists' });
    expect(hub.requests).toEqual([]);
  });
});

describe('reranker models fetch', () => {
  const cli = path.resolve(__dirname, '../../../cli/dist/main.js');
  const run = (args: string[], env: Record<string, string>) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [cli, 'models', 'fetch', ...args], {
        env: { ...process.env, ...env },
      });
      const text = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
      child.on('close', (code) => resolve({ code, ...text }));
    });

  it('obeys HF_ENDPOINT and HF_TOKEN, and says nothing of progress that takes no time', async () => {
    hub.token = 'mirror-token';
    const env = { HF_ENDPOINT: `${hub.endpoint}/`, HF_TOKEN: 'mirror-token' };
    const { code, stdout, stderr } = await run(['some/model', '--out', out], env);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/model: model, \d+ parameters, fp32, \d+ bytes/);
    expect(code).toBe(0);
    const refused = await run(['some/model', '--out', `${out}2`], { ...env, HF_TOKEN: 'wrong' });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('set HF_TOKEN');
  });

  it('gives one line where there is no network, and takes a directory instead', async () => {
    const { endpoint } = hub;
    await hub.stop();
    const { code, stderr } = await run(['tiny', '--out', out], { HF_ENDPOINT: endpoint });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(/cannot be reached \(ECONNREFUSED\).*HF_ENDPOINT.*--from DIR/);
    await hub.start();
    const from = path.join(root, 'files');
    await writePublished(from, jina);
    await writeFile(path.join(from, 'model.safetensors'), weights);
    expect((await run(['tiny', '--from', from, '--out', out], { HF_ENDPOINT: endpoint })).code).toBe(0);
    expect((await readManifest(out)).source).toMatchObject({
      kind: 'directory',
      repository: expect.stringContaining('tiny') as string,
    });
  });
});
