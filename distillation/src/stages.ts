import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '@sagemaker-reranker/models';

const FILE = 'stages.json';

/** What a stage was made from, by name: parts of the config, and digests of the stages it reads. */
export type Inputs = Readonly<Record<string, unknown>>;

/**
 * The stages of a work directory and what each was made from. A stage whose inputs are as they were keeps its files; of any
 * other they are removed before it is made again. So a changed config costs no more than what depends on the change.
 */
export class Stages {
  readonly #made: Record<string, Inputs>;

  private constructor(
    readonly work: string,
    made: Record<string, Inputs>,
  ) {
    this.#made = made;
  }

  static async open(work: string): Promise<Stages> {
    const text = await readFile(path.join(work, FILE), 'utf8').catch(() => '{}');
    return new Stages(work, JSON.parse(text) as Record<string, Inputs>);
  }

  /** Names of the inputs that differ from those the stage was made from; undefined where it was not made. */
  changed(stage: string, inputs: Inputs): string[] | undefined {
    const before = this.#made[stage];
    if (!before) return undefined;
    const now = JSON.parse(JSON.stringify(inputs)) as Inputs;
    return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]),
    );
  }

  /** Begins a stage, or goes on with it: `files` are removed where they were made from other inputs. */
  async begin(stage: string, inputs: Inputs, files: readonly string[]): Promise<void> {
    const different = this.changed(stage, inputs);
    if (different?.length === 0) return;
    for (const file of files) await rm(path.join(this.work, file), { recursive: true, force: true });
    this.#made[stage] = JSON.parse(JSON.stringify(inputs)) as Inputs;
    const text = `${JSON.stringify(this.#made, null, 2)}\n`;
    await replaceFile(path.join(this.work, FILE), (part) => writeFile(part, text));
  }

  /** Of a stage's inputs: what a stage that reads it names among its own. */
  digest(stage: string): string {
    return createHash('sha256').update(JSON.stringify(this.#made[stage])).digest('hex').slice(0, 16);
  }
}
