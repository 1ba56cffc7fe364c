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
}

/** The AWS CLI in one region. */
export class Aws {
  readonly shell: Shell;
  readonly region: string;

  constructor(shell: Shell, region: string) {
    this.shell = shell;
    this.region = region;
  }

  /**
   * Runs `aws SERVICE OPERATION ...` and reads its JSON; undefined where the operation says nothing.
   * @throws AwsAnswer with what AWS said.
   */
  async call<T = unknown>(service: string, operation: string, ...args: string[]): Promise<T> {
    const command = ['aws', service, operation, ...args, '--region', this.region, '--output', 'json'];
    const { status, stdout, stderr } = await this.shell.run(command);
    if (status !== 0) throw new AwsAnswer(`aws ${service} ${operation}`, (stderr || stdout).trim());
    return (stdout.trim() === '' ? undefined : JSON.parse(stdout)) as T;
  }

  /** The same, undefined where what was asked about is not there. */
  async find<T>(service: string, operation: string, ...args: string[]): Promise<T | undefined> {
    try {
      return await this.call<T>(service, operation, ...args);
    } catch (error) {
      if (error instanceof AwsAnswer && error.absent) return undefined;
      throw error;
    }
  }

  /**
   * Looks until there is something to see.
   * @throws Error that says what was waited for, once the minutes are over.
   */
  async until<T>(
    what: string,
    minutes: number,
    look: () => Promise<T | undefined>,
    seconds = 15,
  ): Promise<T> {
    const end = this.shell.now() + minutes * 60_000;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (this.shell.now() >= end) throw new Error(`${what} did not come within ${minutes} minutes`);
      await this.shell.pause(seconds);
    }
  }
}
