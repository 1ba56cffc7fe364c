import { plain, wrapped } from '../../../cli/src/terminal/text.js';

it.each([
  ['\u001b]0;owned\u0007a', 'a'],
  ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u009b2Jcleared', 'cleared'],
  ['\u001bPq\u001b\\sixel', 'qsixel'],
  ['a\u0000b\u0008c\u007fd', 'abcd'],
  ['a\r\n\tb', 'a b'],
  ['\u202egnp.exe', 'gnp.exe'],
  ['naïve 日本 🙂', 'naïve 日本 🙂'],
])('%j becomes %j', (text, expected) => expect(plain(text)).toBe(expected));

it('breaks lines between words', () => {
  expect(wrapped('one two three\nfour', 8)).toBe('one two\nthree\nfour');
  expect(wrapped('one two three', undefined)).toBe('one two three');
});
