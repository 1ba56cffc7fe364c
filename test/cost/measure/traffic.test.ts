import path from 'node:path';
import { parseLengthMix } from '../../../cost/src/measure/lengths.js';
import { generateTraffic, type Tokenization } from '../../../cost/src/measure/traffic.js';
import { embeddedModelDirectory, readManifest, specialTokens } from '@sagemaker-reranker/models';
import { PairEncoder } from '@sagemaker-reranker/inference';

const options = { documents: 20, tokens: parseLengthMix('mix'), queryTokens: 12, queries: 3, seed: 5 };
const words: Tokenization = {
  count: (text) => Promise.resolve(text === '' ? 0 : text.split(' ').length),
  special: 4,
  longestPair: 512,
};

test('texts have the tokens that the real tokenizer and pair template count', async () => {
  const directory = embeddedModelDirectory();
  const { pair_template, tokenizer, max_length } = await readManifest(directory);
  const encoder = new PairEncoder(path.join(directory, tokenizer.path), pair_template, Infinity);
  const special = specialTokens(pair_template);
  const length = async (query: string, document: string): Promise<number> =>
    (await encoder.encode({ query, document })).length;
  const traffic = await generateTraffic(options, {
    count: async (text) => (await length('', text)) - special,
    special,
    longestPair: max_length,
  });
  let pairs = 0;
  let total = 0;
  for (const { query, documents, tokens } of traffic.queries) {
    expect(await length(query, '')).toBe(12 + special);
    const counted = await Promise.all(documents.map((document) => length(query, document)));
    expect(counted.reduce((sum, each) => sum + each, 0)).toBe(tokens);
    pairs += documents.length;
    total += tokens;
  }
  expect(pairs).toBe(60);
  expect(traffic.stated).toMatchObject({ documentsPerQuery: 20, queryTokens: 12, seed: 5 });
  expect(traffic.stated.meanPairTokens).toBeCloseTo(total / pairs, 9);
});

test('the seed decides the texts', async () => {
  const first = await generateTraffic(options, words);
  expect(await generateTraffic(options, words)).toEqual(first);
  const other = await generateTraffic({ ...options, seed: 6 }, words);
  expect(other.queries[0]).not.toEqual(first.queries[0]);
  expect(new Set(first.queries.flatMap(({ documents }) => documents)).size).toBeGreaterThan(50);
});

test('words of several tokens are made up for', async () => {
  const letters: Tokenization = {
    ...words,
    // Words of over five letters are two tokens.
    count: (text) =>
      Promise.resolve(text.split(' ').reduce((sum, word) => sum + (word.length > 5 ? 2 : 1), 0)),
  };
  const { queries } = await generateTraffic({ ...options, tokens: parseLengthMix('33') }, letters);
  for (const document of queries[0]!.documents) expect(await letters.count(document)).toBe(33);
});

test('refuses pairs over the length of the model', async () => {
  const tokens = parseLengthMix('500');
  await expect(generateTraffic({ ...options, tokens }, words)).rejects.toThrow(
    'a document of 500 tokens makes a pair of 516 with its query; the model reads 512 at most',
  );
});

test('refuses a tokenizer that knows no common words', async () => {
  const count = (text: string): Promise<number> => Promise.resolve(text.replaceAll(' ', '').length);
  await expect(generateTraffic(options, { ...words, count })).rejects.toThrow(
    /knows only 0 of \d+ common English words/,
  );
});
