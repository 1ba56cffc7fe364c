/** @jest-environment ./test/support/environment.js */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ModelError } from '@sagemaker-reranker/models';
import { fetchModel } from '@sagemaker-reranker/models/build';
import { LoopbackHub } from '../../support/hub.js';
import { bpeTokenizerOf, wordPieceTokenizer } from '../../support/tokenizers.js';

const fixtures = path.join(__dirname, '../../fixtures/structures');
const VOCABULARY = 40;
const wordPiece = {
  ...wordPieceTokenizer,
  model: {
    ...wordPieceTokenizer.model,
    vocab: Object.fromEntries(
      Object.entries(wordPieceTokenizer.model.vocab).filter(([, id]) => id < VOCABULARY),
    ),
  },
};
const bpe = bpeTokenizerOf([...'abcdefghijklmnopqrstuvwxyz'], []);
/** Each structure, and one of which no weight has a name or a shape of it. */
const STRUCTURES = [
  ['bert', 'distilbert'],
  ['roberta', 'bert'],
  ['electra', 'roberta'],
  ['distilbert', 'deberta'],
  ['modernbert', 'bert'],
  ['deberta', 'modernbert'],
] as const;

function repository(structure: string): Map<string, Buffer> {
  const file = (name: string): Buffer => readFileSync(path.join(fixtures, structure, name));
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  return new Map([
    ['config.json', file('config.json')],
    ['tokenizer.json', json(structure === 'roberta' ? bpe : wordPiece)],
    ['tokenizer_config.json', json({ model_max_length: 64 })],
    ['model.safetensors', file('model.safetensors')],
  ]);
}

const PAGE = '<!DOCTYPE html>\n<html><body>Sign in</body></html>\n';
const POINTER = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 1000\n`;
/** What may stand in the place of a file, and what is said of it. */
const FAULTS: readonly (readonly [string, (file: Buffer) => Buffer | undefined, RegExp])[] = [
  ['missing', () => undefined, /has no /],
  [
    'truncated',
    (file) => file.subarray(0, Math.floor(file.length / 2)),
    /not JSON|tokenizer\.json|truncated/,
  ],
  ['empty', () => Buffer.alloc(0), /empty/],
  ['in UTF-16', (file) => Buffer.from(`\uFEFF${file.toString()}`, 'utf16le'), /UTF-16; save it as UTF-8/],
  ['a web page', () => Buffer.from(PAGE), /web page/],
  ['a pointer of Git LFS', () => Buffer.from(POINTER), /Git LFS pointer/],
];

let root: string;
let hub: LoopbackHub;
beforeAll(async () => {
  hub = new LoopbackHub();
  await hub.start();
});
afterAll(() => hub.stop());
beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), 'fetch-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function serve(files: ReadonlyMap<string, Buffer>): void {
  hub.files.clear();
  hub.requests.length = 0;
  for (const [name, data] of files) hub.files.set(name, data);
}

const get = () =>
  fetchModel({
    model: 'some/model',
    out: path.join(root, 'model'),
    endpoint: hub.endpoint,
    retry: { tries: 2, pauseMs: 1 },
  });

/** The message of a fetch that fails, which leaves nothing behind. */
async function refusal(): Promise<string> {
  const error: unknown = await get().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ModelError);
  expect(readdirSync(root)).toEqual([]);
  const { message } = error as ModelError;
  expect(message).not.toMatch(/[\n\0]/);
  return message;
}
const weightsAskedFor = () => hub.requests.some(({ url }) => /safetensors$|onnx$/.test(url));

describe.each(STRUCTURES)('a repository of %s', (structure, other) => {
  it('is fetched whole, with byte order marks before its JSON and without', async () => {
    serve(repository(structure));
    await expect(get()).resolves.toMatchObject({ max_length: 64 });
    rmSync(path.join(root, 'model'), { recursive: true });
    const marked = [...repository(structure)].map(([name, data]) => {
      const json = name.endsWith('.json');
      return [name, json ? Buffer.concat([Buffer.from('\uFEFF'), data]) : data] as const;
    });
    serve(new Map(marked));
    await expect(get()).resolves.toMatchObject({ max_length: 64 });
  });

  const names = [...repository(structure).keys()];
  const all = names.flatMap((name) => FAULTS.map((fault) => [name, ...fault] as const));
  const cases = all.filter(
    ([name, kind]) =>
      // A repository may do without; and values have no encoding.
      !(name === 'tokenizer_config.json' && kind === 'missing') &&
      !(name.endsWith('.safetensors') && kind === 'in UTF-16'),
  );
  it.each(cases)('whose %s is %s is refused by that name', async (name, _, change, said) => {
    const files = repository(structure);
    const data = change(files.get(name)!);
    if (data === undefined) files.delete(name);
    else files.set(name, data);
    serve(files);
    const message = await refusal();
    expect(message).toMatch(said);
    expect(message).toContain(name);
    expect(weightsAskedFor()).toBe(name.endsWith('.safetensors') && data !== undefined);
  });

  it(`with the config.json or the weights of ${other} is refused by what does not fit`, async () => {
    for (const name of ['config.json', 'model.safetensors']) {
      const files = repository(structure);
      const data = repository(other).get(name)!;
      serve(files.set(name, data));
      const message = await refusal();
      expect(message).toMatch(/config\.json|model\.safetensors/);
      expect(message).toMatch(/is missing|config\.json makes it|belongs to no layer|pad_token_id/);
    }
  });

  it('with a tokenizer of more ids, or of none, is refused before its weights', async () => {
    const wide = { ...wordPiece, added_tokens: [...wordPiece.added_tokens, { id: 900, content: '[MORE]' }] };
    for (const tokenizer of [wide, { added_tokens: [] }, []]) {
      serve(repository(structure).set('tokenizer.json', Buffer.from(JSON.stringify(tokenizer))));
      expect(await refusal()).toMatch(/tokenizer\.json/);
      expect(weightsAskedFor()).toBe(false);
    }
  });
});

describe('weights in other forms', () => {
  const bert = () => repository('bert');
  const INDEX = 'model.safetensors.index.json';

  /** The tensors of a file in two, by the format's description and not by the code under test. */
  function halves(file: Buffer): { files: Map<string, Buffer>; index: Record<string, string> } {
    const length = Number(file.readBigUInt64LE());
    const header = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<
      string,
      { data_offsets: [number, number] }
    >;
    delete header.__metadata__;
    const index: Record<string, string> = {};
    const files = new Map<string, Buffer>();
    for (const half of [0, 1]) {
      const name = `model-0000${half + 1}-of-00002.safetensors`;
      const entries: Record<string, object> = {};
      const parts: Buffer[] = [];
      let at = 0;
      for (const [tensor, entry] of Object.entries(header).filter((_, i) => i % 2 === half)) {
        const [from, to] = entry.data_offsets;
        entries[tensor] = { ...entry, data_offsets: [at, at + to - from] };
        parts.push(file.subarray(8 + length + from, 8 + length + to));
        at += to - from;
        index[tensor] = name;
      }
      const json = Buffer.from(JSON.stringify(entries));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(json.length));
      files.set(name, Buffer.concat([size, json, ...parts]));
    }
    return { files, index };
  }

  function sharded(): Map<string, Buffer> {
    const files = bert();
    const { files: shards, index } = halves(files.get('model.safetensors')!);
    files.delete('model.safetensors');
    for (const [name, data] of shards) files.set(name, data);
    return files.set(INDEX, Buffer.from(JSON.stringify({ metadata: {}, weight_map: index })));
  }

  it('in several files with an index are the same model', async () => {
    serve(bert());
    const whole = await get();
    rmSync(path.join(root, 'model'), { recursive: true });
    serve(sharded());
    const parts = await get();
    expect(parts.files.map(({ sha256 }) => sha256)).toEqual(whole.files.map(({ sha256 }) => sha256));
    expect(parts.source).toMatchObject({
      files: [
        { path: 'config.json' },
        { path: 'tokenizer.json' },
        { path: 'tokenizer_config.json' },
        { path: INDEX },
        { path: 'model-00001-of-00002.safetensors' },
        { path: 'model-00002-of-00002.safetensors' },
      ],
    });
  });

  it.each<[string, (files: Map<string, Buffer>) => unknown, RegExp]>([
    [
      'without one of the files',
      (files) => files.delete('model-00002-of-00002.safetensors'),
      /no model-00002-of-00002\.safetensors, which its model\.safetensors\.index\.json names/,
    ],
    [
      'with an index that is a web page',
      (files) => files.set(INDEX, Buffer.from(PAGE)),
      /index\.json.*web page/,
    ],
    ['with an index of nothing', (files) => files.set(INDEX, Buffer.from('{}')), /index\.json.*weight_map/],
    [
      'with an index that leads elsewhere',
      (files) => files.set(INDEX, Buffer.from('{"weight_map": {"a": "../../a.safetensors"}}')),
      /index\.json is no index of weights/,
    ],
    [
      'with an index that knows too little',
      (files) => files.set(INDEX, Buffer.from('{"weight_map": {"a": "model-00001-of-00002.safetensors"}}')),
      /index\.json: .*is missing/,
    ],
  ])('in several files %s are refused', async (_, change, said) => {
    const files = sharded();
    change(files);
    serve(files);
    expect(await refusal()).toMatch(said);
  });

  it.each([
    ['pytorch_model.bin', /pytorch_model\.bin is a pickle/],
    ['onnx/model_quantized.onnx', /onnx\/model_quantized\.onnx is no fp32 weights: .*models import/],
    ['tf_model.h5', /TensorFlow/],
  ])('as %s alone are refused with what to do', async (name, said) => {
    const files = bert();
    files.delete('model.safetensors');
    serve(files.set(name, Buffer.from('weights')));
    const message = await refusal();
    expect(message).toMatch(said);
    expect(message).toContain('has no model.safetensors or model.safetensors.index.json or model.onnx');
    expect(hub.requests.some(({ origin, url }) => origin === 'store' && url.includes(name))).toBe(false);
  });

  it('of old names, gamma and beta, are the same model', async () => {
    serve(bert());
    const whole = await get();
    rmSync(path.join(root, 'model'), { recursive: true });
    const file = bert().get('model.safetensors')!;
    const length = Number(file.readBigUInt64LE());
    const header = file.subarray(8, 8 + length).toString();
    const old = header
      .replaceAll('LayerNorm.weight', 'LayerNorm.gamma')
      .replaceAll('LayerNorm.bias', 'LayerNorm.beta');
    expect(old).not.toBe(header);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(old.length));
    serve(
      bert().set('model.safetensors', Buffer.concat([size, Buffer.from(old), file.subarray(8 + length)])),
    );
    expect((await get()).files).toEqual(whole.files);
  });
});

describe('a hub that misbehaves', () => {
  const of = async (misbehave: LoopbackHub['misbehave'], name: string): Promise<string> => {
    serve(repository('bert'));
    hub.misbehave = (request, response, body) =>
      request.url === `/${name}` && misbehave(request, response, body);
    try {
      const error: unknown = await get().catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ModelError);
      expect(readdirSync(root)).not.toContain('model');
      return (error as ModelError).message;
    } finally {
      hub.misbehave = () => false;
    }
  };

  it.each(['config.json', 'model.safetensors'])('answers %s with a sign-in page', async (name) => {
    const page = await of((_, response) => response.writeHead(200).end(PAGE) !== undefined, name);
    expect(page).toContain(name);
    expect(page).not.toContain('\n');
  });

  it.each(['config.json', 'model.safetensors'])('sends %s in a circle', async (name) => {
    const message = await of(
      ({ headers, url }, response) =>
        response.writeHead(302, { location: `http://${headers.host!}${url!}` }).end() !== undefined,
      name,
    );
    expect(message).toMatch(/redirect/);
    expect(message).not.toContain('\n');
  });

  it('answers with a range that is not the one asked for', async () => {
    let first = true;
    const message = await of((_, response, body) => {
      if (first) {
        first = false;
        response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, 100));
        setImmediate(() => response.destroy());
        return true;
      }
      const range = { 'content-range': `bytes 7-${body.length - 1}/${body.length}` };
      return response.writeHead(206, range).end(body.subarray(7)) !== undefined;
    }, 'model.safetensors');
    expect(message).toMatch(/model\.safetensors/);
  });
});
