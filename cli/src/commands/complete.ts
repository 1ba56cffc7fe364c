import { Argument } from 'commander';
import { Command } from '../command.js';
import { candidates } from '../completion/candidates.js';
import { SCRIPTS, type Shell } from '../completion/scripts.js';

/** `reranker complete`: a shell's completion script; with words, which its script gives, what may stand for the last of them. */
export function completeCommand(): Command {
  return new Command('complete')
    .description(
      'Print what makes a shell complete this command. For bash and zsh: source <(reranker complete bash). For fish: reranker complete fish | source.',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .argument('[words...]', 'what is on the line so far')
    .action((shell: Shell, words: string[], _: object, command: Command) => {
      const lines = words.length === 0 ? [SCRIPTS[shell]] : candidates(command.parent!, words);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
}
