import fc from 'fast-check';
import { json } from '../../../cli/src/terminal/out.js';
import { harmless } from '../../../cli/src/terminal/text.js';
import { reranker } from '../../support/cli.js';

/** What a terminal obeys or that turns text round, and bytes beside which it does. */
const UNITS = [...'aé字🙂 ];[0mPq\\\n\t\r', '\u0000', '\u0007', '\u001b', '\u007f', '\u009b', '\u009d'];
const hostile = fc.string({ unit: fc.constantFrom(...UNITS, '\u061c', '\u202e', '\u2066', '\u2069') });
const OBEYED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u202a-\u202e\u2066-\u2069]/;
const DOCUMENT = '\u001b]0;owned\u0007 \u001b[2J \u009b31m \u202etext\u2066';

it('text that is told has nothing that a terminal obeys, and keeps its lines', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(harmless(text)).not.toMatch(OBEYED);
      // An operating system command takes all up to its end with it.
      if (!/[\u001b\u009d]/.test(text)) {
        expect(harmless(text).split('\n')).toHaveLength(text.split('\n').length);
      }
    }),
  );
});

it('text that is printed keeps the styles of this command, and no other sequence', () => {
  const styled = '\u001b[1mbold\u001b[22m \u001b[2mdim\u001b[22m \u001b[32mgreen\u001b[39m';
  expect(harmless(styled, true)).toBe(styled);
  expect(harmless(`\u001b[8mhidden\u001b[0m \u001b[2J${styled}`, true)).toBe(`hidden ${styled}`);
  expect(harmless(styled)).toBe('bold dim green');
});

it('JSON has the same value, with nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(JSON.parse(json({ [text]: text }))).toEqual({ [text]: text });
      expect(json({ [text]: text })).not.toMatch(OBEYED);
    }),
  );
});

describe('no control character of the input reaches the terminal', () => {
  it.each([
    [['rerank', '--query', 'text']],
    [['rerank', '--query', 'text', '--json']],
    [['rerank', '--query', `${DOCUMENT} text`, '--fuse']],
    [['rerank', '--query', 'text', '-', `no${DOCUMENT}such`]],
    [['rerank', '--query', 'text', '--model', `no${DOCUMENT}such`]],
    [['rerank', `--quer${DOCUMENT}`]],
    [['rerank', '--query', 'text', '--top', DOCUMENT]],
    [[`rank${DOCUMENT}`]],
    [['models', 'inspect', DOCUMENT]],
    [['eval', 'beir', DOCUMENT]],
    [['cost', 'compare', '--variant', DOCUMENT]],
  ])('of %j', async (args) => {
    const { stdout, stderr } = await reranker(args, `${DOCUMENT} one\nplain text\n`);
    expect(stdout + stderr).not.toMatch(OBEYED);
    expect(stdout + stderr).toMatch(/text|error|reranker:/);
  });
});
