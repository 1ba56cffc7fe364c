import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { Tokenizer } from 'tokenizers';
import { TextTokenizer } from '../../inference/src/tokenizer.js';
import { packBatch } from '../../inference/src/batch.js';
import { PairLayout } from '../../inference/src/pair.js';
import { type ModelManifest, readManifest } from '@sagemaker-reranker/models';
import { removeModels, smallModel, words } from '../container/support/model.js';

let directory: string;
let manifest: ModelManifest;
let tokenizer: TextTokenizer;
let reference: Tokenizer;

beforeAll(async () => {
  directory = await smallModel();
  manifest = await readManifest(directory);
  tokenizer = TextTokenizer.of(directory, manifest);
  reference = Tokenizer.fromFile(path.join(directory, manifest.tokenizer.path));
  reference.disableTruncation();
});

afterAll(removeModels);

async function referenceIds(text: string): Promise<number[]> {
  return (await reference.encode(text, null, { addSpecialTokens: false })).getIds();
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'then in ÄÖ\u0301 .,\n\tß語\ud83d\ude00'), maxLength: 60 }),
);

describe('TextTokenizer', () => {
  it('assembles the pair that the tokenizer itself makes of query and document', async () => {
    const layout = new PairLayout(manifest.pair_template, 10_000);
    await fc.assert(
      fc.asyncProperty(text, fc.array(text, { minLength: 1, maxLength: 4 }), async (query, documents) => {
        const [queryIds] = await tokenizer.encode([query], 10_000);
        const documentIds = await tokenizer.encode(documents, 10_000);
        for (const [i, document] of documents.entries()) {
          const { ids } = packBatch([layout.pair(queryIds!, documentIds[i]!)], 0);
          expect([...ids].map(Number)).toEqual((await reference.encode(query, document)).getIds());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('ignores truncation set in the tokenizer file, and keeps no more than asked', async () => {
    const [ids] = await tokenizer.encode([words('ab', 50)], 1_000);
    expect(ids).toHaveLength(50);
    const [kept] = await tokenizer.encode([words('ab', 50)], 7);
    expect([...kept!]).toEqual([...ids!].slice(0, 7));
  });

  it('reads long texts in pieces to the same ids', async () => {
    const long = Array.from({ length: 50_000 }, (_, i) => ['then', 'in', 'Üben', ','][i % 4]).join(' ');
    expect(long.length).toBeGreaterThan(150_000);
    const [ids] = await tokenizer.encode([long], Infinity);
    expect([...ids!]).toEqual(await referenceIds(long));
    const spaces = `then${' '.repeat(200_000)}in`;
    expect([...(await tokenizer.encode([spaces], 100))[0]!]).toEqual(await referenceIds('then in'));
  });

  it('tokenizes no further than the tokens that are kept, in one character 25 million times too', async () => {
    const [ids] = await tokenizer.encode(['a'.repeat(25_000_000)], 8_192);
    expect(ids).toHaveLength(8_192);
  });

  it('tears no surrogate pair at the end of a piece', async () => {
    const faces = `x${'\ud83d\ude00'.repeat(40_000)}`;
    const [ids] = await tokenizer.encode([faces], Infinity);
    expect(ids).toHaveLength((await referenceIds(faces)).length);
  });

  it('keeps the order over many slices', async () => {
    const texts = Array.from({ length: 600 }, (_, i) => words('abcdefgh'.slice(0, 1 + (i % 8)), 1_000 + i));
    const ids = await tokenizer.encode(texts, 10_000);
    expect(ids.map(({ length }) => length)).toEqual(texts.map((_, i) => 1_000 + i));
  });

  it('stops between slices when the caller has gone', async () => {
    const gone = new AbortController();
    const encoding = tokenizer.encode(Array(500).fill(words('ab', 5_000)) as string[], 10_000, gone.signal);
    gone.abort(new Error('hung up'));
    await expect(encoding).rejects.toThrow('hung up');
  });

  it('names a tokenizer file that is none, or has more tokens than the model', async () => {
    const broken = await mkdtemp(path.join(tmpdir(), 'reranker-tokenizer-'));
    const file = path.join(broken, manifest.tokenizer.path);
    await writeFile(file, '{"version": "1.0"');
    const invalid = expect.objectContaining({ code: 'tokenizer_invalid', file }) as Error;
    expect(() => TextTokenizer.of(broken, manifest)).toThrow(invalid);
    await rm(broken, { recursive: true });
    const narrow = { ...manifest, architecture: { ...manifest.architecture, vocabulary: 20 } };
    expect(() => TextTokenizer.of(directory, narrow)).toThrow(
      /has 54 tokens; the model has embeddings for 20/,
    );
  });
});
