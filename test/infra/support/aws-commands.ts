import { readFileSync } from 'node:fs';
import path from 'node:path';

interface Shape {
  /** Kind of each option's value, or the values that it may have. */
  readonly options: Readonly<Record<string, string | readonly string[]>>;
  readonly required: readonly string[];
  /** Members of the answer, for commands with a query. */
  readonly answer?: unknown;
}

/** Commands of the AWS CLI, from botocore's models; see aws-cli.py. */
export const SHAPES = JSON.parse(readFileSync(path.join(__dirname, 'aws-cli.json'), 'utf8')) as Readonly<
  Record<string, Shape>
>;

/** A command of the AWS CLI, taken apart. */
export interface AwsCommand {
  /** As `sagemaker describe-endpoint`, or `sagemaker wait endpoint-in-service`. */
  readonly name: string;
  /** Values of the options by name; none for a flag. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** The CLI's own options, which every command takes. */
const OF_THE_CLI = ['query', 'output', 'region', 'endpoint-url', 'max-items'];

/** Commands of a program on a page, as words: in blocks of code and between backticks. */
export function commandsOf(page: string, program: string): string[][] {
  const blocks = [...page.matchAll(/^```sh\n([^]*?)^```/gm)].map(([, code]) => code!.replaceAll('\\\n', ' '));
  const spans = [...page.replaceAll(/^```[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) =>
    code!.replaceAll('\n', ' '),
  );
  return [...blocks, ...spans]
    .flatMap((code) => code.split('\n'))
    .flatMap((line) => simpleCommands(line))
    .filter(([first]) => first === program);
}

/** The commands of a line of shell: between `&&`, `|` and `;`, and inside `$(...)`; what is quoted is one word. */
function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  // What is worked out for an option is a value like any other; a command inside $(...) stays.
  let flat = line;
  for (let before = ''; before !== flat;) {
    before = flat;
    flat = flat.replaceAll(/\$\(\([^()]*\)\)|\$\((?!aws )[^()]*\)/g, '$VALUE');
  }
  for (const [word] of flat.matchAll(/\$\(|&&|[;()|]|(?:"[^"]*"|'[^']*'|\$\w+|[^\s"'$();&|])+/g)) {
    if (/^(\$\(|&&|[;()|])$/.test(word)) commands.push([]);
    // What a variable is set to for a command is no part of it.
    else if (commands.at(-1)!.length > 0 || !/^\w+=/.test(word))
      commands.at(-1)!.push(word.replace(/^(["'])(.*)\1$/s, '$2'));
  }
  return commands;
}

/** Takes `aws SERVICE OPERATION ...` apart. */
export function parse([, service = '', operation = '', ...rest]: readonly string[]): AwsCommand {
  const waits = operation === 'wait';
  const options = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const word of waits ? rest.slice(1) : rest) {
    if (word.startsWith('--')) options.set(word.slice(2), (values = []));
    else values?.push(word);
  }
  return { name: `${service} ${operation}${waits ? ` ${rest[0]}` : ''}`, options };
}

/** What the CLI would refuse of a command. */
export function faultsOf({ name, options }: AwsCommand): string[] {
  // High-level commands have no model.
  if (name === 's3 rm') return [];
  const shape = SHAPES[name];
  if (!shape) return [`${name}: no such command in aws-cli.json`];
  const faults = shape.required
    .filter((required) => !options.has(required) && !options.has(`no-${required}`))
    .map((required) => `${name}: --${required} is missing`);
  for (const [option, values] of options) {
    if (OF_THE_CLI.includes(option)) continue;
    const allowed = shape.options[option] ?? (shape.options[option.replace(/^no-/, '')] && 'flag');
    if (allowed === undefined) faults.push(`${name}: no such option --${option}`);
    else if (typeof allowed === 'object')
      faults.push(
        ...values
          .filter((value) => !allowed.includes(value))
          .map((value) => `${name}: --${option} ${value} is none of ${allowed.join(', ')}`),
      );
    else if (allowed === 'integer' && values.some((value) => !/^(\d+|\$.*|X+|[A-Z_]+)$/.test(value)))
      faults.push(`${name}: --${option} ${values.join(' ')} is no number`);
  }
  return faults;
}
