import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const CLI = path.resolve(__dirname, '..', '..', 'cli', 'dist', 'main.js');

/** Writes tiny with random weights, 8 bits wide, by the command: in a process of its own thirty million numbers take seconds. */
export function synthesizeTiny(out: string): Promise<CliResult> {
  return reranker([...'models synthesize --variant tiny --seed 7 --precision int8 --out'.split(' '), out]);
}

/**
 * Runs a block of commands as bash would, to its first failure. Without the start files, which bash reads where its standard input is a
 * socket, as Node's pipes are.
 */
export function bash(
  script: string,
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], options);
}

/** Runs the built `reranker` command to its end. */
export function reranker(args: readonly string[], input = ''): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.on('error', reject).on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin.end(input);
  });
}
