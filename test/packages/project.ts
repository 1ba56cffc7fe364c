import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { PackedRegistry } from './registry.js';

/** How a command ended, and what it said. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A blank project of somebody else, in a directory of its own. */
export class Project {
  readonly directory = mkdtempSync(path.join(tmpdir(), 'reranker-project-'));
  /** Added to the environment of every command. */
  env: NodeJS.ProcessEnv = {
    XDG_CACHE_HOME: path.join(this.directory, 'cache'),
    // This clone's npm forbids install scripts and tells its children so; a user's shell does not.
    npm_config_ignore_scripts: undefined,
  };

  constructor(registry: PackedRegistry, type: 'module' | 'commonjs' = 'commonjs') {
    this.write('package.json', JSON.stringify({ name: 'blank', private: true, type }));
    // The command's own package has no scope: npm is told its archive.
    this.write('.npmrc', `@sagemaker-reranker:registry=${registry.url}\n`);
  }

  write(name: string, content: string): void {
    const file = path.join(this.directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  /** Installs packages as a user does. */
  install(...packages: readonly string[]): Promise<Outcome> {
    return this.succeed('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages);
  }

  /** Runs a command that must succeed: what it said is in the error otherwise. */
  async succeed(command: string, ...args: readonly string[]): Promise<Outcome> {
    const outcome = await this.run(command, ...args);
    if (outcome.status === 0) return outcome;
    throw new Error(`${[command, ...args].join(' ')}\n${outcome.stdout}\n${outcome.stderr}`);
  }

  async run(command: string, ...args: readonly string[]): Promise<Outcome> {
    try {
      const { stdout, stderr } = await promisify(execFile)(command, args, {
        cwd: this.directory,
        env: { ...process.env, ...this.env },
        maxBuffer: 64 << 20,
      });
      return { status: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { status: code, stdout, stderr };
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
