import type { Argument, Command, Option } from 'commander';

/** Answers that leave the rest to the shell: names of files, or of directories. */
export const FILES = ':files';
export const DIRECTORIES = ':directories';

/**
 * What may stand for the last of the words, one a line: a word and, behind a tab, what it means; or {@link FILES} or
 * {@link DIRECTORIES}.
 * @param words of the line behind the command's name; the last is the one to complete, maybe empty
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  // Bash makes words of its own of `--option=value`.
  const given = words.filter((word) => word !== '=');
  const before = words.at(-1) === '=' ? given : given.slice(0, -1);
  const word = words.at(-1) === '=' ? '' : given.at(-1)!;
  const { command, option, operands } = walk(program, before);
  if (option !== undefined) return values(option.long ?? '', option, word);
  const [, flag, value] = /^(--[^=]+)=(.*)$/.exec(word) ?? [];
  const named = command.options.find(({ long }) => long === flag);
  if (flag !== undefined) return values(flag, named, value!).map((line) => prefixed(`${flag}=`, line));
  if (word.startsWith('-')) {
    return command.options
      .filter(({ hidden, long }) => !hidden && long?.startsWith(word))
      .map(({ long, description }) => `${long!}\t${sentence(description)}`);
  }
  if (command.commands.length > 0 && operands === 0) {
    return command.commands
      .filter((each) => each.name().startsWith(word))
      .map((each) => `${each.name()}\t${sentence(each.description())}`);
  }
  const expected = command.registeredArguments;
  const argument = expected[operands] ?? (expected.at(-1)?.variadic ? expected.at(-1) : undefined);
  return argument === undefined ? [] : values(argument.name(), argument, word);
}

/** The command that the words lead to, the option that waits for its value, and the number of arguments so far. */
function walk(
  program: Command,
  words: readonly string[],
): { command: Command; option: Option | undefined; operands: number } {
  let command = program;
  let option: Option | undefined;
  let operands = 0;
  for (const word of words) {
    if (option !== undefined) option = undefined;
    else if (word.startsWith('-'))
      option = command.options.find((each) => [each.short, each.long].includes(word) && each.required);
    else {
      const next = command.commands.find((each) => each.name() === word);
      if (next === undefined) operands += 1;
      command = next ?? command;
    }
  }
  return { command, option, operands };
}

/** The values of an option or argument; its placeholder says whether it is a file: `--model <dir>`. */
function values(name: string, of: Option | Argument | undefined, word: string): string[] {
  if (of?.argChoices) return of.argChoices.filter((choice) => choice.startsWith(word));
  const placeholder = of !== undefined && 'flags' in of ? of.flags : name;
  if (/dir/.test(placeholder.replace(/^--[\w-]+/, ''))) return [DIRECTORIES];
  return /file/.test(placeholder.replace(/^--[\w-]+/, '')) ? [FILES] : [];
}

const prefixed = (prefix: string, line: string): string => (line.startsWith(':') ? line : prefix + line);

const sentence = (text: string): string => text.split(/[.:;](?: |$)/)[0]!;
