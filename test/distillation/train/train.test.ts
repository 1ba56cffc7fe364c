import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openModelDirectory } from '@sagemaker-reranker/models';
import { CLI } from '../../support/cli.js';
import { CONFIG, CORPUS, STUDENT } from '../../support/distillation.js';

const STEPS = STUDENT.steps;
const config = {
  ...CONFIG,
  student: { ...STUDENT, name: 'job-student', loss: { kl: 1, contrastive: 0.2 } },
  // Of a machine that the job does not run on: the container has places of its own.
  work: '/nowhere/work',
  out: '/nowhere/out',
};

let directory: string;
beforeAll(async () => (directory = await mkdtemp(path.join(tmpdir(), 'train-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Job {
  readonly prefix: string;
  readonly at: (file: string) => string;
}

/** The directories as SageMaker mounts them. */
async function job(
  name: string,
  hyperparameters: unknown = { 'checkpoint-every': '5', threads: '1' },
  change: object = {},
): Promise<Job> {
  const prefix = path.join(directory, name);
  const at = (file: string): string => path.join(prefix, file);
  for (const folder of ['input/config', 'input/data/training', 'model', 'output']) {
    await mkdir(at(folder), { recursive: true });
  }
  await writeFile(at('input/data/training/corpus.jsonl'), CORPUS);
  await writeFile(at('input/data/training/config.json'), JSON.stringify({ ...config, ...change }));
  await writeFile(at('input/config/hyperparameters.json'), JSON.stringify(hyperparameters));
  return { prefix, at };
}

function start({ prefix }: Job) {
  const child = spawn(process.execPath, [CLI, 'train'], {
    env: { ...process.env, SAGEMAKER_PREFIX: prefix },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return { child, ended };
}

async function losses({ at }: Job): Promise<number[]> {
  const lines = (await readFile(at('checkpoints/log.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { loss: number }).loss);
}

describe('reranker train', () => {
  it('leaves a model, and terminated in the middle goes on to the same loss curve and the same model', async () => {
    const whole = await job('whole');
    const { code, output } = await start(whole).ended;
    expect(output).toMatch(
      /^step=40 steps=40 loss=\d\.\d+ accuracy=[\d.]+ agreement=[\d.]+ tokens_per_second=\d+/m,
    );
    expect(code).toBe(0);
    expect(existsSync(whole.at('output/failure'))).toBe(false);
    const { manifest } = openModelDirectory(whole.at('model'));
    expect(manifest).toMatchObject({ name: 'job-student', precision: 'int8' });

    const stopped = await job('stopped');
    const { child, ended } = start(stopped);
    const checkpoint = stopped.at('checkpoints/checkpoint.safetensors');
    while (!(await stat(checkpoint).catch(() => undefined)) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGTERM');
    const interrupted = await ended;
    expect(interrupted.output).toMatch(/stopped after step \d+ of 40/);
    expect(interrupted.code).toBe(143);
    // An interruption is no failure, and its half-trained student no model.
    expect(existsSync(stopped.at('output/failure'))).toBe(false);
    expect(existsSync(stopped.at('model/manifest.json'))).toBe(false);
    const before = await losses(stopped);
    expect(before.length).toBeGreaterThanOrEqual(5);
    expect(before.length).toBeLessThan(STEPS);

    expect((await start(stopped).ended).code).toBe(0);
    const [expected, resumed] = [await losses(whole), await losses(stopped)];
    expect(resumed).toHaveLength(STEPS);
    resumed.forEach((loss, i) => expect(Math.abs(loss - expected[i]!)).toBeLessThan(1e-6));
    expect(openModelDirectory(stopped.at('model')).manifest.files).toEqual(manifest.files);
  });

  it('makes an exported model again that an upload left in part', async () => {
    const torn = await job('torn', undefined, { student: { ...config.student, steps: 2 } });
    expect((await start(torn).ended).code).toBe(0);
    await rm(torn.at('checkpoints/int8/tokenizer.json'));
    await rm(torn.at('model'), { recursive: true });
    expect((await start(torn).ended).code).toBe(0);
    openModelDirectory(torn.at('model'));
  });

  it.each([
    [
      'unknown',
      { speed: '9', threads: 2, 'checkpoint-every': '0' },
      /speed is not known.*threads must be a string.*checkpoint-every is "0"/,
    ],
    ['list', [], /must hold an object of strings/],
    [
      'elsewhere',
      { config: 'training/other.json' },
      /no config at .*other\.json; .* has the channels training/,
    ],
    ['outside', { config: '../../../etc/passwd' }, /which no channel holds/],
  ])('refuses hyperparameters: %s', async (name, hyperparameters, reason) => {
    const bad = await job(name, hyperparameters);
    const { code, output } = await start(bad).ended;
    expect(code).toBe(1);
    expect(output).toMatch(reason);
    expect(await readFile(bad.at('output/failure'), 'utf8')).toMatch(reason);
  });

  it('tells the reason of a failure in one line of at most 1,024 characters', async () => {
    const bad = await job(
      'faults',
      {},
      { corpus: ['missing.jsonl'], teachers: Array(40).fill({ kind: 'parrot' }) },
    );
    expect((await start(bad).ended).code).toBe(1);
    const reason = await readFile(bad.at('output/failure'), 'utf8');
    expect(reason).toMatch(/teachers\[0\]\.kind must be one of/);
    expect(reason).not.toContain('\n');
    expect(reason.length).toBeLessThanOrEqual(1024);
  });
});
