import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Tokenizer } from 'tokenizers';
import { packBatch } from '../../inference/src/batch.js';
import { PairEncoder } from '../../inference/src/pair-encoder.js';
import { readTokenizer } from '../../models/src/directory/tokenizer-file.js';
import { bpeTokenizer, wordPieceTokenizer } from '../support/tokenizers.js';

let file: string;
beforeEach(async () => (file = path.join(await mkdtemp(path.join(tmpdir(), 'pairs-')), 'tokenizer.json')));
afterEach(() => rm(path.dirname(file), { recursive: true, force: true }));

const bertProcessing = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] };
const kinds: [string, object][] = [
  ['RobertaProcessing', bpeTokenizer],
  ['TemplateProcessing', wordPieceTokenizer],
  ['BertProcessing', { ...wordPieceTokenizer, post_processor: bertProcessing }],
  [
    'Sequence',
    {
      ...wordPieceTokenizer,
      post_processor: {
        type: 'Sequence',
        processors: [
          { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
          bertProcessing,
        ],
      },
    },
  ],
];

describe('pairs of a model directory', () => {
  it.each(kinds)('are those of the tokenizer itself: %s', async (_, tokenizer) => {
    await writeFile(file, JSON.stringify(tokenizer));
    const { template } = await readTokenizer(file, 100);
    const encoder = new PairEncoder(file, template!, 512);
    const native = Tokenizer.fromFile(file);
    for (const [query, document] of [
      ['what is it?', 'a thing, 3 of them.'],
      ['', 'empty query'],
      ['no document', ''],
    ] as const) {
      const { ids, types } = packBatch([await encoder.encode({ query, document })], 0);
      const whole = await native.encode(query, document);
      expect([...ids].map(Number)).toEqual(whole.getIds());
      expect([...types].map(Number)).toEqual(whole.getTypeIds());
    }
  });

  it('are cut at the end of the document', async () => {
    await writeFile(file, JSON.stringify(wordPieceTokenizer));
    const { template } = await readTokenizer(file, 100);
    const encoder = new PairEncoder(file, template!, 10);
    const { ids } = packBatch([await encoder.encode({ query: 'abc', document: 'defghijk' })], 0);
    expect(ids).toHaveLength(10);
    expect([ids[0], ids[4], ids[9]]).toEqual([2n, 3n, 3n]);
  });

  it('need a tokenizer that can be loaded', async () => {
    await writeFile(file, JSON.stringify({ ...bpeTokenizer, model: { type: 'Unknown', vocab: {} } }));
    const { template } = await readTokenizer(file, 100);
    const invalid = expect.objectContaining({ code: 'tokenizer_invalid', file }) as Error;
    expect(() => new PairEncoder(file, template!, 10)).toThrow(invalid);
  });
});
