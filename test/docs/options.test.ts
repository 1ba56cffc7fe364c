import { readFileSync } from 'node:fs';
import path from 'node:path';
import { NUMBER_SETTINGS, flagOf, type NumberSettingName } from '@sagemaker-reranker/container';
import { createProgram } from '../../cli/src/program.js';
import type { Command } from '../../cli/src/command.js';
import { markdown, root } from './markdown.js';

/** Commands in a page's text: lines of its shell blocks, with those that go on joined, and what stands in backticks. */
function* invocations(page: string): Generator<string> {
  const text = readFileSync(path.join(root, page), 'utf8');
  for (const [, language, block] of text.matchAll(/```(\w*)[^\n]*\n([^]*?)```/g)) {
    if (language === 'sh') yield* block!.replace(/\\\n\s*/g, ' ').split(/\n|&&|\|/);
  }
  for (const [, inline] of text.replace(/```[^]*?```/g, '').matchAll(/`([^`]+)`/g)) yield inline!;
}

const NAMED = /(?:^|\s)(?:npx )?(?:sagemaker-)?reranker ((?:[a-z]+ ?)+)(.*)$/;

/** The command that a line names and the options given to it; undefined where it names none. */
function parse(program: Command, line: string): { command: Command; options: string[] } | undefined {
  const [, words, rest] = NAMED.exec(line.replace(/ #.*$/, '')) ?? [];
  if (words === undefined) return undefined;
  let command = program;
  for (const word of words.trim().split(' ')) {
    command = (command.commands.find((each) => each.name() === word) as Command | undefined) ?? command;
  }
  if (command === program) return undefined;
  return {
    command,
    options: [...`${words}${rest!}`.matchAll(/(?:^|\s)(--[a-z][\w-]*)/g)].map(([, flag]) => flag!),
  };
}

const program = createProgram();
const container = Object.keys(NUMBER_SETTINGS).map((name) => flagOf(name as NumberSettingName));
const known = (command: Command): string[] => [
  '--help',
  '--verbose',
  '--version',
  ...command.options.flatMap(({ long, short }) => [long ?? '', short ?? '']),
  // `serve` hands its flags to the container.
  ...(command.name() === 'serve' ? [...container, '--model-dir', '--port', '--host'] : []),
];

const pages = [...markdown('.')];
const found = pages.flatMap((page) =>
  [...invocations(page)].flatMap((line) => {
    const parsed = parse(program, line.trim());
    return parsed === undefined ? [] : [{ page, line: line.trim(), ...parsed }];
  }),
);

it('finds the commands of the pages', () => {
  expect(found.length).toBeGreaterThan(60);
  expect(new Set(found.map(({ page }) => page)).size).toBeGreaterThan(8);
});

it('no page names an option that its command does not have', () => {
  const unknown = found.flatMap(({ page, line, command, options }) =>
    options
      .filter((option) => !known(command).includes(option))
      .map((option) => `${page}: ${option} in: ${line}`),
  );
  expect(unknown).toEqual([]);
});
