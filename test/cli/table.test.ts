import { table } from '../../cli/src/table.js';

describe('a table', () => {
  it('aligns numbers right and words left, and cuts long cells', () => {
    const columns = [
      { heading: 'n', align: 'right' },
      { heading: 'text', most: 5 },
    ] as const;
    expect(
      table(columns, [
        ['10', 'a\n b'],
        ['9', 'abcdefgh'],
      ]),
    ).toBe([' n  text', '--  -----', '10  a b', ' 9  abcd…'].join('\n'));
  });
});
