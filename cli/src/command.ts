import { Command as Base } from 'commander';
import { harmless } from './terminal/text.js';

interface Internals {
  unknownOption(flag: string): void;
}

/**
 * Commander's command, but that a misspelt option is told before the required one that it was meant for: `--querry`
 * gets "did you mean --query", not "required option --query not specified".
 */
export class Command extends Base {
  constructor(name?: string) {
    super(name);
    // Words of the command line come back in its errors.
    this.configureOutput({ writeErr: (text) => process.stderr.write(harmless(text)) });
  }

  override createCommand(name?: string): Command {
    return new Command(name);
  }

  /** Called by Commander before it looks at unknown options, which are among the arguments then. */
  missingMandatoryOptionValue(option: { readonly flags: string }): void {
    const unknown = this.args.find((word) => /^--?[a-z]/i.test(word));
    if (unknown !== undefined) (this as unknown as Internals).unknownOption(unknown.split('=')[0]!);
    this.error(`error: required option '${option.flags}' not specified`, {
      code: 'commander.missingMandatoryOptionValue',
    });
  }
}
