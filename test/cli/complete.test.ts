import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { reranker } from '../support/cli.js';

const root = path.resolve(__dirname, '../..');
const has = (shell: string): boolean =>
  (process.env.PATH ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, shell)));
/** Every machine has bash; without the others' packages their tests are skipped under a name that says so. */
const inShell = (shell: string) =>
  has(shell)
    ? test
    : (name: string, run: () => Promise<void>) => test.skip(`${shell} is not installed: ${name}`, run);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'complete-'));
  await mkdir(path.join(directory, 'bin'));
  await symlink(path.join(root, 'cli/bin/reranker.js'), path.join(directory, 'bin/reranker'));
  await writeFile(path.join(directory, 'report one.txt'), '');
  await mkdir(path.join(directory, 'reports'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What a shell prints for a script, where `reranker` is on its path. */
async function shell(name: string, args: readonly string[], script: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(name, [...args, '-c', script], {
    cwd: directory,
    env: {
      ...process.env,
      PATH: `${path.join(directory, 'bin')}${path.delimiter}${process.env.PATH!}`,
      TERM: 'xterm',
    },
  });
  return stdout.split('\n').filter((line) => line !== '');
}

/** Lines to complete, each with what is offered. */
const cases: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
  [['rera'], ['rerank']],
  [['eval', 'b'], ['beir']],
  [['rerank', '--q'], ['--query']],
  [['local', '--hosting', 'real'], ['real-time']],
  [
    ['rerank', 'rep'],
    ['report one.txt', 'reports'],
  ],
  [['rerank', '--model', 'rep'], ['reports']],
  [['nothing', 'here', ''], []],
];

test('bash completes commands, options, choices, files and directories, also read twice', async () => {
  const complete = cases.map(
    ([
      words,
    ]) => `COMP_WORDS=(reranker ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
      _reranker; (IFS='|'; echo "<\${COMPREPLY[*]}>")`,
  );
  const twice = 'script=$(reranker complete bash); eval "$script"; eval "$script"';
  const lines = await shell('bash', ['--norc'], [twice, ...complete].join('\n'));
  expect(lines).toEqual(cases.map(([, offered]) => `<${offered.join('|')}>`));
});

test('bash, which makes three words of --option=value, completes the value', async () => {
  const script = `source <(reranker complete bash)
    COMP_WORDS=(reranker local --hosting = real); COMP_CWORD=4; _reranker; printf '%s\\n' "\${COMPREPLY[@]}"`;
  expect(await shell('bash', ['--norc'], script)).toEqual(['real-time']);
});

inShell('fish')('fish completes the same', async () => {
  const complete = cases.map(([words]) => `echo '<'; complete -C 'reranker ${words.join(' ')}'; echo '>'`);
  const lines = await shell(
    'fish',
    ['--no-config'],
    ['reranker complete fish | source', ...complete].join('\n'),
  );
  const found = lines.map((line) => line.split('\t')[0]!.replace(/\/$/, '').replaceAll('\\ ', ' '));
  expect(found).toEqual(cases.flatMap(([, offered]) => ['<', ...offered, '>']));
});

inShell('zsh')('zsh completes the same', async () => {
  // An interactive zsh on a terminal of its own: the tab key is pressed, and the line that it makes is printed.
  const complete = cases
    .filter(([, { length }]) => length === 1)
    .map(
      ([words]) => `zpty -w -n z $'reranker ${words.join(' ')}\\t\\x18'
        zpty -r z line $'*<reranker*>*'
        print -r -- $line`,
    );
  const start = `zmodload zsh/zpty
    zpty z zsh -f -i
    zpty -w z 'PS1=; autoload -Uz compinit; compinit -u -D; source <(reranker complete zsh); bindkey "^I" complete-word'
    zpty -w z 'show() { print -r -- "<$BUFFER>"; zle kill-buffer }; zle -N show; bindkey "^X" show; print read''y'
    zpty -r z line '*ready*'`;
  const text = (await shell('zsh', ['-f'], [start, ...complete].join('\n'))).join('\n');
  const found = [...text.matchAll(/<reranker ([^>]*)>/g)].map(([, line]) => line!.trim().replace(/\/$/, ''));
  const single = cases.filter(([, { length }]) => length === 1);
  expect(found).toEqual(single.map(([words, offered]) => [...words.slice(0, -1), ...offered].join(' ')));
});

test('offers no shell that there is no script for', async () => {
  const { code, stderr } = await reranker(['complete', 'tcsh']);
  expect(code).toBe(1);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish');
});
