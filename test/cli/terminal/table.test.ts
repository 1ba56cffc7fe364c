import fc from 'fast-check';
import { right, table, tableInParts } from '../../../cli/src/terminal/table.js';
import { widthOf } from '../../../cli/src/terminal/text.js';

describe('a table', () => {
  it('aligns numbers right and words left, and cuts the cells of a column that says how wide it may be', () => {
    const narrow = [right('n'), { heading: 'text', most: 5 }];
    expect(
      table(narrow, [
        ['10', 'a\n b'],
        ['9', 'abcdefgh'],
      ]),
    ).toBe([' n  text', '--  -----', '10  a b', ' 9  abcd…'].join('\n'));
  });

  it('counts a Chinese character as two columns, and cuts no character in half', () => {
    const cutting = [right('n'), { heading: 'text', most: 100 }, right('score')];
    const text = table(cutting, [['1', '日本語の文章です', '0.5']], 24);
    expect(text.split('\n')[2]).toBe('1  日本語の文章…     0.5');
  });

  it('wraps words first, then headings, then numbers, and makes a paragraph of each row at last', () => {
    const wide = [{ heading: 'name' }, right('a long heading'), right('another')];
    const rows = [['a rather long name of something', '1.00', '2 [1 - 3]']];
    expect(table(wide, rows, 60)).toContain('a long heading');
    expect(table(wide, rows, 45)).toBe(
      [
        'name                        a long    another',
        '                           heading',
        '--------------------  ------------  ---------',
        'a rather long name            1.00  2 [1 - 3]',
        '  of something',
      ].join('\n'),
    );
    expect(table(wide, rows, 20)).toBe(
      ['a rather long name', '  of something', '  a long heading', '  1.00; another 2 [1', '  - 3]'].join(
        '\n',
      ),
    );
  });

  it('breaks a word that is too long after - and /, and elsewhere only where there is neither', () => {
    const text = table(
      [{ heading: 'name' }, { heading: 'n' }],
      [
        ['models/a-very-long-name', 'one'],
        ['字'.repeat(12), 'two'],
      ],
      23,
    );
    expect(text).toMatch(/^models\/a-very- +one\n {2}long-name$/m);
    expect(text).toMatch(/^字+ +two\n {2}字+$/m);
  });

  it('fits the width it is given, whatever stands in its cells, and lets no control character through', () => {
    const cell = fc.string({
      unit: fc.constantFrom(
        'a',
        'é',
        '字',
        '-',
        '👩‍👩‍👧',
        '\u001b',
        ']',
        '0',
        ';',
        '\u0007',
        '\u009b',
        '[',
        'm',
        ' ',
        '\u202e',
      ),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, fc.constant('0.5')), { minLength: 1 }),
        fc.integer({ min: 20, max: 90 }),
        (rows, width) => {
          const text = table([{ heading: 'from' }, { heading: 'text' }, right('score')], rows, width);
          for (const line of text.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(width);

          expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
        },
      ),
    );
  });

  it('in parts has one heading, and the same columns in each part', () => {
    const parts = [
      ...tableInParts([right('n'), { heading: 'text', most: 8 }], [[['1', 'a']], [['2', 'a long one']]]),
    ];
    expect(parts[0]).toBe(['           n  text', '------------  --------', '           1  a'].join('\n'));
    expect(parts[1]).toBe('           2  a long…');
  });
});
