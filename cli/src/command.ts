import { Command as Base, Help, type Option } from 'commander';
import { harmless, terminalWidth, wrapped } from './terminal/text.js';

interface Internals {
  unknownOption(flag: string): void;
}

/** Columns that a description has at least beside its term, and its indentation where it stands below. */
const [BESIDE, BELOW] = [30, 6];

/** Commander's help, but that descriptions stand below their terms where there is no room beside them, and lists as they are typed. */
class NarrowHelp extends Help {
  override formatHelp(command: Base, helper: Help): string {
    return wrapped(super.formatHelp(command, helper), this.helpWidth);
  }

  override optionDescription(option: Option): string {
    const { defaultValueDescription } = option;
    const defaultValue: unknown = option.defaultValue;
    if (!Array.isArray(defaultValue) || defaultValueDescription !== undefined)
      return super.optionDescription(option);
    const typed = { defaultValueDescription: defaultValue.join(',') };
    return super.optionDescription(Object.assign(Object.create(option) as Option, typed));
  }

  override formatItem(term: string, termWidth: number, description: string, helper: Help): string {
    const width = this.helpWidth ?? 80;
    if (width - termWidth - 4 >= BESIDE || description === '')
      return super.formatItem(term, termWidth, description, helper);
    const indent = ' '.repeat(BELOW);
    return `  ${term}\n${indent}${wrapped(description, width - BELOW).replaceAll('\n', `\n${indent}`)}`;
  }
}

/**
 * Commander's command, but that a misspelt option is told before the required one that it was meant for: `--querry`
 * gets "did you mean --query", not "required option --query not specified".
 */
export class Command extends Base {
  constructor(name?: string) {
    super(name);
    // Words of the command line come back in its errors.
    this.configureOutput({
      writeErr: (text) => process.stderr.write(harmless(text)),
      getOutHelpWidth: () => terminalWidth() ?? 80,
    });
    this.configureHelp({ minWidthToWrap: 20 });
  }

  override createHelp(): Help {
    return Object.assign(new NarrowHelp(), this.configureHelp());
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
