import { existsSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { UsageError, replaceFile } from '@sagemaker-reranker/models';

/** How a claim of the runbook ended. */
export interface Outcome {
  readonly status: 'verified' | 'failed' | 'skipped';
  /** What AWS answered, or why it was skipped. */
  readonly detail: string;
  readonly seconds: number;
}

/** What a rehearsal has done and what of it still exists. */
export interface RehearsalState {
  readonly version: 1;
  readonly environment: string;
  readonly region: string;
  readonly account: string;
  readonly started: string;
  /** Stacks that may exist: written down before each is made. */
  stacks: string[];
  /** Name of the queue that alarms arrive at, once it may exist. */
  queue?: string;
  outcomes: Record<string, Outcome>;
  /** Removes all of it. */
  readonly removeWith: string;
}

/** A rehearsal's memory: a file that is whole after every change, so that who is killed leaves what must be removed. */
export class StateFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws UsageError when the file is of something else. */
  read(): RehearsalState | undefined {
    if (!existsSync(this.path)) return undefined;
    const state = parse(readFileSync(this.path, 'utf8'));
    if (state?.version !== 1)
      throw new UsageError(`${this.path} is no file of a rehearsal; name another with --state`);
    return state as RehearsalState;
  }

  /** Once there is nothing to go on with and nothing to remove. */
  remove(): void {
    rmSync(this.path);
  }

  async write(state: RehearsalState): Promise<void> {
    const text = `${JSON.stringify(state, null, 2)}\n`;
    await replaceFile(this.path, (part) => writeFile(part, text));
  }
}

function parse(text: string): Partial<RehearsalState> | undefined {
  try {
    return JSON.parse(text) as Partial<RehearsalState>;
  } catch {
    return undefined;
  }
}
