import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ModelError, cacheDirectory } from '@sagemaker-reranker/models';
import { optionalDependencies } from '../package.json';

const NAME = 'onnxruntime-node';
const WANTED = `${NAME}@${optionalDependencies[NAME]}`;
const INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];

/**
 * Makes sure that ONNX Runtime can be loaded. npm leaves it out where its install script fails, which downloads a CUDA build
 * that no CPU wants; then it is fetched once, without the script, into the user's cache.
 * @param say is told, in one line, what is about to be fetched
 * @throws ModelError `runtime_missing` with the install command when npm cannot fetch it either
 */
export function ensureRuntime(say: (line: string) => void): void {
  if (installed() || fetchedRuntime() !== undefined) return;
  const directory = runtimeDirectory();
  const part = `${directory}.${process.pid}.part`;
  say(`${NAME} was left out when this package was installed: fetching it into ${directory}`);
  mkdirSync(part, { recursive: true });
  const { status, error } = spawnSync('npm', [...INSTALL, '--prefix', part, WANTED], { stdio: 'ignore' });
  if (status === 0 && error === undefined) renameSync(part, directory);
  rmSync(part, { recursive: true, force: true });
  if (fetchedRuntime() === undefined) throw missingRuntime();
}

/** The copy that `ensureRuntime` fetched, if it did. */
export function fetchedRuntime(): string | undefined {
  const place = path.join(runtimeDirectory(), 'node_modules', NAME);
  return existsSync(place) ? place : undefined;
}

/** The one line that names the package and how to install it. */
export function missingRuntime(): ModelError {
  const error = new ModelError(
    'runtime_missing',
    `${NAME} is not installed: npm install --ignore-scripts ${WANTED}`,
  );
  error.stack = error.message;
  return error;
}

function installed(): boolean {
  try {
    require.resolve(NAME);
    return true;
  } catch {
    return false;
  }
}

function runtimeDirectory(): string {
  return cacheDirectory(WANTED.replace('@', '-'));
}
