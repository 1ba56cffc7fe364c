import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ModelError, cacheDirectory } from '@sagemaker-reranker/models';
import { optionalDependencies } from '../package.json';

const NAME = 'onnxruntime-node';
const WANTED = `${NAME}@${optionalDependencies[NAME]}`;
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];

let say: ((line: string) => void) | undefined;

/**
 * Lets this process fetch ONNX Runtime when it first wants it and npm has left it out. npm does so where the install script of
 * onnxruntime-node fails, which downloads a CUDA build that no CPU wants. It is fetched once, without the script, into the
 * user's cache. A command asks for this; a library leaves it to its caller, who may want no download.
 * @param tell is told, in one line, what is about to be fetched
 */
export function fetchMissingRuntime(tell: (line: string) => void): void {
  say = tell;
}

/**
 * What to `require` for ONNX Runtime: its name where it is installed, else the copy in the user's cache.
 * @throws ModelError `runtime_missing` with the install command when there is neither, and it may or can not be fetched
 */
export function ensureRuntime(): string {
  if (installed()) return NAME;
  const directory = cacheDirectory(WANTED.replace('@', '-'));
  const fetched = path.join(directory, 'node_modules', NAME);
  if (!existsSync(fetched) && say !== undefined) {
    say(`${NAME} was left out when this package was installed: fetching it into ${directory}`);
    fetchInto(directory);
  }
  if (existsSync(fetched)) return fetched;
  const error = new ModelError(
    'runtime_missing',
    `${NAME} is not installed: npm install --ignore-scripts ${WANTED}`,
  );
  // A program that prints the stack prints one line.
  error.stack = error.message;
  throw error;
}

function fetchInto(directory: string): void {
  const part = `${directory}.${process.pid}.part`;
  mkdirSync(part, { recursive: true });
  const { status } = spawnSync('npm', [...INSTALL, '--prefix', part, WANTED], { stdio: 'ignore' });
  try {
    if (status === 0) renameSync(part, directory);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(directory)) throw error;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

function installed(): boolean {
  try {
    require.resolve(NAME);
    return true;
  } catch {
    return false;
  }
}
