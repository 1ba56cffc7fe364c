import { Bm25Index, describeBm25 } from '../../evaluation/src/bm25.js';

const corpus = [
  { id: '1', text: 'The boundary layers of a wing: boundary layer flows' },
  { id: '2', text: 'Heat transfer on wings' },
  {
    id: '3',
    text: 'An entirely different text about compilers, long enough to change the mean length of all',
  },
  { id: '4', text: 'wing' },
];

/** BM25 as its formula says, over terms analysed by hand. */
function reference(query: string[], documents: string[][], k1: number, b: number): number[] {
  const mean = documents.reduce((sum, terms) => sum + terms.length, 0) / documents.length;
  return documents.map((terms) =>
    query.reduce((score, term) => {
      const n = documents.filter((other) => other.includes(term)).length;
      const f = terms.filter((other) => other === term).length;
      const idf = Math.log(1 + (documents.length - n + 0.5) / (n + 0.5));
      return score + (idf * f * (k1 + 1)) / (f + k1 * (1 - b + (b * terms.length) / mean));
    }, 0),
  );
}

const analysed = [
  ['boundari', 'layer', 'wing', 'boundari', 'layer', 'flow'],
  ['heat', 'transfer', 'on', 'wing'].filter((term) => term !== 'on'),
  ['entir', 'differ', 'text', 'about', 'compil', 'long', 'enough', 'chang', 'mean', 'length', 'all'],
  ['wing'],
];

describe('Bm25Index', () => {
  it('scores by the BM25 formula with stemming, stop words and true lengths', async () => {
    const index = await Bm25Index.create(corpus);
    const expected = reference(['boundari', 'layer', 'wing'], analysed, 0.9, 0.4);
    const found = index.search('the boundary layer of wings', 10);
    expect(found.map(({ id }) => id)).toEqual(['1', '4', '2']);
    for (const { id, score } of found) expect(score).toBeCloseTo(expected[Number(id) - 1], 10);
  });

  it('counts a repeated query term twice and obeys k1 and b', async () => {
    const index = await Bm25Index.create(corpus, { k1: 1.2, b: 0.75 });
    const expected = reference(['wing', 'wing', 'heat'], analysed, 1.2, 0.75);
    const found = index.search('wing wing heat', 10);
    for (const { id, score } of found) expect(score).toBeCloseTo(expected[Number(id) - 1], 10);
  });

  it('orders equal scores by falling id and stops at the limit', async () => {
    const index = await Bm25Index.create(['a', 'c', 'b'].map((id) => ({ id, text: 'same words' })));
    expect(index.search('words', 2).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('finds nothing for stop words alone, and runs all queries', async () => {
    const index = await Bm25Index.create(corpus);
    const run = index.run(
      new Map([
        ['q1', 'the of and'],
        ['q2', 'compiler'],
      ]),
      10,
    );
    expect(run.get('q1')).toEqual([]);
    expect(run.get('q2')!.map(({ id }) => id)).toEqual(['3']);
  });
});

it('takes an option that is not given as its default', async () => {
  const collection = [
    { id: 'd1', text: 'a database log, and a log of the database' },
    { id: 'd2', text: 'the log' },
  ];
  const search = async (options?: { k1?: number; b?: number }) =>
    (await Bm25Index.create(collection, options)).search('database log', 10);
  expect(await search({ k1: undefined, b: undefined })).toEqual(await search());
  expect(describeBm25({ k1: undefined, b: undefined })).toBe(describeBm25());
});
