import type { Shell } from './shell.js';

/** What AWS answered instead of what was asked for. */
export class AwsAnswer extends Error {
  override readonly name = 'AwsAnswer';
  constructor(
    readonly command: string,
    readonly answer: string,
  ) {
    super(`${command}: ${answer}`);
  }

  /** Whether nobody may do this here, or these credentials may not. */
  get denied(): boolean {
    return /AccessDenied|not authorized|UnauthorizedOperation/.test(this.answer);
  }

  /** Whether what was asked about is not there. */
  get absent(): boolean {
    return /does not exist|Could not find|NotFound|NoSuch|cannot be found|NonExistent/i.test(this.answer);
  }

  /** Whether an emulator says that it has no such operation. */
  get unknownOperation(): boolean {
    // The CDK meets the page of a server that broke down with a parser of XML; functions are run by a Docker that may be away; what
    // CloudFormation does not know it leaves out, and then does not find.
    return /references undefined resource|not (yet |been )*implemented|NotImplemented|Internal Server Error|UnknownOperation|InvalidAction|XML parse error|error running docker/i.test(
      this.answer,
    );
  }

  /** The last line that says something. */
  get words(): string {
    return lastLines(this.answer, 1) || this.answer;
  }
}

/** What was waited for did not come. */
export class NotSeen extends Error {
  override readonly name = 'NotSeen';
}

/** Why something failed, in a line. */
export function words(error: unknown): string {
  if (error instanceof AwsAnswer) return error.unknownOperation ? 'no such operation there' : error.words;
  return error instanceof Error ? error.message : String(error);
}

export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}

/** Options of the AWS CLI, `stackName` for `--stack-name`; true for those without a value. */
export type CliOptions = Readonly<Record<string, string | number | readonly string[] | true | undefined>>;

/** The AWS CLI in one region. */
export class Aws {
  readonly shell: Shell;
  readonly region: string;
  /** Where an emulator stands in for AWS, `AWS_ENDPOINT_URL`. */
  readonly endpointUrl: string | undefined;

  constructor(shell: Shell, region: string, endpointUrl?: string) {
    this.shell = shell;
    this.region = region;
    this.endpointUrl = endpointUrl;
  }

  /**
   * Runs `aws SERVICE OPERATION ...` and reads its JSON; undefined where the operation says nothing.
   * @param positional What the CLI takes without a name: the file to write an answer to.
   * @throws AwsAnswer with what AWS said.
   */
  async call<T = unknown>(
    service: string,
    operation: string,
    options: CliOptions = {},
    ...positional: string[]
  ): Promise<T> {
    const command = [service, operation, ...argumentsOf(options), ...positional, '--output', 'json'];
    const stdout = await this.run(command);
    return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
  }

  /** The same, undefined where what was asked about is not there. */
  async find<T>(
    service: string,
    operation: string,
    options: CliOptions = {},
    ...positional: string[]
  ): Promise<T | undefined> {
    try {
      return await this.call<T>(service, operation, options, ...positional);
    } catch (error) {
      if (error instanceof AwsAnswer && error.absent) return undefined;
      throw error;
    }
  }

  /** Runs `aws ARGS` and returns what it prints. */
  async run(args: readonly string[]): Promise<string> {
    // By name: version 1 of the CLI overlooks the variable for some services.
    const where = this.endpointUrl === undefined ? [] : ['--endpoint-url', this.endpointUrl];
    const { status, stdout, stderr } = await this.shell.run([
      'aws',
      ...args,
      '--region',
      this.region,
      ...where,
    ]);
    if (status !== 0) throw new AwsAnswer(`aws ${args[0]} ${args[1]}`, (stderr || stdout).trim());
    return stdout;
  }

  /**
   * Looks until there is something to see. In an emulator nothing happens by itself: one look more, and no waiting.
   * @throws NotSeen that says what was waited for, once the minutes are over.
   */
  async until<T>(
    what: string,
    minutes: number,
    look: () => Promise<T | undefined>,
    seconds = 15,
  ): Promise<T> {
    const emulated = this.endpointUrl !== undefined;
    const end = this.shell.now() + (emulated ? 5_000 : minutes * 60_000);
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (this.shell.now() >= end)
        throw new NotSeen(`${what} did not come${emulated ? '' : ` within ${minutes} minutes`}`);
      await this.shell.pause(emulated ? 5 : seconds);
    }
  }
}

function argumentsOf(options: CliOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [option];
    return [option, ...(typeof value === 'object' ? value : [String(value)])];
  });
}
