import type { Command } from 'commander';

/** Parses and runs a command in this process; what commander would print and exit with is thrown instead. */
export async function inProcess(command: Command, args: readonly string[]): Promise<void> {
  for (const each of [command, ...command.commands])
    each.exitOverride().configureOutput({ writeErr: () => undefined });
  await command.parseAsync([...args], { from: 'user' });
}
