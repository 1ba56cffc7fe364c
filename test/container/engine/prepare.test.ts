import path from 'node:path';
import { Admission } from '../../../container/src/engine/admission.js';
import type { TokenizedRequest } from '../../../container/src/engine/job.js';
import { prepare, type Preparation } from '../../../container/src/engine/prepare.js';
import type { Truncation } from '../../../container/src/engine/index.js';
import { packBatch, TextTokenizer } from '@sagemaker-reranker/inference';
import { readManifest } from '@sagemaker-reranker/models';
import { removeModels, smallModel, words } from '../support/model.js';

let preparation: Preparation;
let idOf: (letter: string) => Promise<number>;

beforeAll(async () => {
  const directory = await smallModel();
  const manifest = await readManifest(path.resolve(directory));
  const tokenizer = TextTokenizer.of(directory, manifest);
  preparation = { manifest, tokenizer, admission: new Admission(5_000) };
  idOf = async (letter) => (await tokenizer.encode([letter], 1))[0]![0]!;
});

afterAll(removeModels);

const ROOM = 256 - 4;
const text = (count: number) => `${words('a', count - 1)} z`;

function run(
  documents: string[],
  truncation: Partial<Truncation> = {},
  query = 'q',
): Promise<TokenizedRequest> {
  const policy: Truncation = { truncate: 'right', longDocuments: 'truncate', ...truncation };
  return prepare(preparation, { query, documents, truncation: policy }, new AbortController().signal);
}

/** Ids of a pair as the model reads it. */
function pair(tokens: TokenizedRequest, position: number): number[] {
  return [...packBatch([tokens.pairs[position]!], 0).ids].map(Number);
}

describe('prepare', () => {
  it('cuts at the right or at the left', async () => {
    const [a, z] = [await idOf('a'), await idOf('z')];
    const right = await run([text(400)]);
    expect([right.lengths[0], pair(right, 0).at(-2)]).toEqual([256, a]);
    const left = await run([text(400)], { truncate: 'left' });
    expect([left.lengths[0], pair(left, 0).at(-2)]).toEqual([256, z]);
    const few = await run([text(400)], { truncate: 'left', maxTokensPerDocument: 3 });
    expect(pair(few, 0).slice(-4, -1)).toEqual([a, a, z]);
  });

  it('cuts the query last, at the same side', async () => {
    const z = await idOf('z');
    const both = await run([text(400)], { truncate: 'left' }, `${words('b', 300)} z`);
    const ids = pair(both, 0);
    expect(ids).toHaveLength(256);
    expect(ids[256 - 2]).toBe(z);
    expect(ids[1 + ROOM - 64 - 1]).toBe(z);
  });

  it('reads the end of a text of many pieces when cutting at the left', async () => {
    const z = await idOf('z');
    const tokens = await run([text(100_000)], { truncate: 'left' });
    expect([tokens.lengths[0], pair(tokens, 0).at(-2)]).toEqual([256, z]);
  });

  it('limits the document and the pair', async () => {
    expect([...(await run([text(400)], { maxTokensPerDocument: 10 })).lengths]).toEqual([15]);
    expect([...(await run([text(400), 'a'], { maxPairTokens: 50 })).lengths]).toEqual([50, 6]);
    expect([...(await run([text(400)], { maxPairTokens: 100_000 })).lengths]).toEqual([256]);
    expect([...(await run([text(9)], { maxPairTokens: 1 })).lengths]).toEqual([6]);
  });

  it('refuses what does not fit when asked to, naming the document as it was sent', async () => {
    const fits = text(ROOM - 1);
    await expect(run([fits], { truncate: 'error' })).resolves.toMatchObject({ textTokens: { 0: ROOM - 1 } });
    await expect(run(['a', 'a', text(ROOM), 'b'], { truncate: 'error' })).rejects.toThrow(
      expect.objectContaining({ code: 'input_too_long', details: { document: 2, limit: ROOM } }) as Error,
    );
    const cut = run([text(400)], { truncate: 'error', maxTokensPerDocument: 50 });
    await expect(cut).resolves.toMatchObject({ lengths: { 0: 55 } });
  });

  it('reads a long document as windows that overlap and cover it', async () => {
    const tokens = await run(['a', text(1_000), 'b'], { longDocuments: 'max_passage' });
    expect([...tokens.owners]).toEqual([0, 1, 1, 1, 1, 1, 2]);
    expect(tokens.textTokens[1]).toBe(1_000);
    expect([...tokens.lengths]).toEqual([6, 256, 256, 256, 256, 256, 6]);
    expect(pair(tokens, 5).at(-2)).toBe(await idOf('z'));
  });

  it('refuses windows of more tokens than may ever wait, without reading on', async () => {
    const huge = run(['a'.repeat(5_000_000)], { longDocuments: 'max_passage' });
    await expect(huge).rejects.toThrow(expect.objectContaining({ code: 'too_many_tokens' }) as Error);
  });
});
