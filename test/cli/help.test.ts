import type { Command } from '../../cli/src/command.js';
import { createProgram } from '../../cli/src/program.js';
import { widthOf } from '../../cli/src/terminal/text.js';

const all = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap((each) => all(each as Command)),
];

describe.each(['40', '80', '120'])('in %s columns', (columns) => {
  const before = process.env.COLUMNS;
  beforeAll(() => (process.env.COLUMNS = columns));
  afterAll(() => {
    if (before === undefined) delete process.env.COLUMNS;
    else process.env.COLUMNS = before;
  });

  it.each(all(createProgram()).map((command) => [command.name(), command] as const))(
    'the help of %s keeps to the width',
    (_, command) => {
      const lines = command.helpInformation().split('\n');
      expect(lines.filter((line) => widthOf(line) > Number(columns))).toEqual([]);
      // Values that are no text are described, not printed as JSON.
      expect(lines.join('\n')).not.toMatch(/default: [{[]/);
    },
  );
});
