import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory, readManifest } from '@sagemaker-reranker/models';
import { readDistilConfig } from '../../distillation/src/config.js';
import type { Group } from '../../distillation/src/data/pairs.js';
import { runDistillation } from '../../distillation/src/pipeline.js';
import { CONFIG, CORPUS, STUDENT } from '../support/distillation.js';

const config = {
  ...CONFIG,
  teachers: [
    { kind: 'bm25', weight: 0.5 },
    { kind: 'cross-encoder', directory: embeddedModelDirectory(), weight: 0.5 },
  ],
};

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pipeline-'));
  await writeFile(path.join(directory, 'corpus.jsonl'), CORPUS);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function prepare(name: string, change: object): Promise<string> {
  const file = path.join(directory, `${name}.json`);
  await writeFile(file, JSON.stringify({ ...config, work: `${name}-work`, out: `${name}-out`, ...change }));
  return file;
}

function start(file: string) {
  const main = path.resolve(__dirname, '../../cli/dist/main.js');
  const child = spawn(process.execPath, [
    main,
    ...['models', 'distil', file, '--threads', '1', '--checkpoint-every', '5'],
  ]);
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { child, ended };
}

const losses = async (name: string): Promise<number[]> => {
  const text = await readFile(path.join(directory, `${name}-work/log.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { loss: number }).loss);
};

it('stops between the parts of any stage, keeps what is finished, and says so', async () => {
  const control = new AbortController();
  const told: string[] = [];
  const stopped = runDistillation(await readDistilConfig(await prepare('stopped', {})), {
    threads: 1,
    signal: control.signal,
    onStage: (stage) => {
      told.push(stage);
      if (stage === 'groups') control.abort();
    },
  });
  await expect(stopped).rejects.toMatchObject({
    code: 'training_interrupted',
    message: expect.stringMatching(/^stopped at bm25.*the same command goes on$/) as string,
  });
  expect(told.at(-1)).toBe('groups');
  expect(await readdir(path.join(directory, 'stopped-work'))).toEqual(
    expect.arrayContaining(['documents.jsonl', 'groups.jsonl', 'tokenizer.json']),
  );
});

describe('reranker models distil', () => {
  it('makes a verified student, and killed in the middle goes on to the same loss curve and the same bytes', async () => {
    const whole = await start(await prepare('whole', {})).ended;
    expect(whole).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^train\n[^]*^export\n[^]*groups kept aside: loss .*, agreement/m),
    });
    const expected = await losses('whole');
    expect(expected).toHaveLength(40);
    const scored = await readFile(path.join(directory, 'whole-work/scored.jsonl'), 'utf8');
    for (const line of scored.trim().split('\n')) {
      const { teacher, hard, random } = JSON.parse(line) as Group;
      expect(teacher).toHaveLength(1 + hard.length + random.length);
      // A sum of z-scores within the group has mean 0.
      expect(teacher!.reduce((a, b) => a + b)).toBeCloseTo(0, 3);
    }

    const file = await prepare('killed', {});
    const { child, ended } = start(file);
    const checkpoint = path.join(directory, 'killed-work/checkpoint.safetensors');
    while (!(await stat(checkpoint).catch(() => undefined)) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGKILL');
    expect((await ended).code).toBeNull();
    expect(await start(file).ended).toMatchObject({ code: 0 });
    const resumed = await losses('killed');
    expect(resumed).toHaveLength(40);
    resumed.forEach((loss, i) => expect(Math.abs(loss - expected[i])).toBeLessThan(1e-6));
    const manifests = await Promise.all(
      ['whole', 'killed'].map((name) => readManifest(path.join(directory, `${name}-out`))),
    );
    expect(manifests[1].files).toEqual(manifests[0].files);
    expect(manifests[0]).toMatchObject({ precision: 'int8', source: { kind: 'distilled', seed: 3 } });
  });

  it('keeps groups and scores when the student changes, and asks before a trained one is thrown away', async () => {
    const first = await prepare('changed', { student: { ...STUDENT, steps: 1 } });
    expect(await start(first).ended).toMatchObject({ code: 0 });
    const work = path.join(directory, 'changed-work');
    const made = async (name: string): Promise<number> => (await stat(path.join(work, name))).mtimeMs;
    const before = [await made('groups.jsonl'), await made('scored.jsonl')];
    const other = await prepare('changed', { student: { ...STUDENT, steps: 2, groupsPerStep: 2 } });
    const refused = await start(other).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /checkpoint\.safetensors is of a student with another steps, groupsPerStep: remove it/,
    );
    await rm(path.join(work, 'checkpoint.safetensors'));
    expect(await start(other).ended).toMatchObject({ code: 0 });
    expect(await losses('changed')).toHaveLength(2);
    expect([await made('groups.jsonl'), await made('scored.jsonl')]).toEqual(before);
    const weighted = await prepare('changed', {
      student: { ...STUDENT, steps: 2, groupsPerStep: 2 },
      teachers: [config.teachers[0], { ...config.teachers[1], weight: 0.1 }],
    });
    await rm(path.join(work, 'checkpoint.safetensors'));
    const scores = await made('scores-cross-encoder-1.jsonl');
    expect(await start(weighted).ended).toMatchObject({ code: 0 });
    expect(await made('scores-cross-encoder-1.jsonl')).toBe(scores);
    expect(await made('scored.jsonl')).toBeGreaterThan(before[1]!);
  });

  it('names malformed lines by file and line, and counts them', async () => {
    const corpus = path.join(directory, 'bad.jsonl');
    await writeFile(corpus, '{"id":"a","text":"x"}\n{\n{"id":1,"text":"y"}\n');
    const { code, stderr } = await start(await prepare('bad', { corpus: [corpus] })).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`2 malformed lines: ${corpus}:2: is not JSON`);
    expect(stderr).toContain(`${corpus}:3: must be an object`);
  });

  it('refuses a teacher of another vocabulary', async () => {
    const teacher = path.join(directory, 'teacher');
    await cp(embeddedModelDirectory(), teacher, { recursive: true });
    const manifestFile = path.join(teacher, 'manifest.json');
    const manifest = JSON.parse(await readFile(manifestFile, 'utf8')) as {
      architecture: { vocabulary: number };
    };
    manifest.architecture.vocabulary = 12_000;
    await writeFile(manifestFile, JSON.stringify(manifest));
    const teachers = [{ kind: 'cross-encoder', directory: teacher, weight: 1 }];
    const { code, stderr } = await start(await prepare('vocabulary', { teachers })).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /is of another vocabulary than the teacher's model: it has 28000 tokens, the model embeds 12000/,
    );
  });

  it('leaves nothing behind that stops a mended corpus, when none of its documents gives a query', async () => {
    const corpus = path.join(directory, 'short.jsonl');
    await writeFile(corpus, '{"id":"a","text":"too short"}\n{"id":"b","text":"this too"}\n');
    const { code, stderr } = await start(await prepare('short', { corpus: [corpus] })).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(
      `no group of a query with candidates could be made from the 2 documents of ${corpus}`,
    );
    expect(await readdir(path.join(directory, 'short-work'))).not.toContain('groups.jsonl');
  });

  it('refuses an output that is taken before it trains', async () => {
    await mkdir(path.join(directory, 'taken-out'));
    await writeFile(path.join(directory, 'taken-out/mine'), '');
    const { code, stderr } = await start(await prepare('taken', {})).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/taken-out is not empty/);
    expect(await readdir(path.join(directory, 'taken-work'))).toEqual([]);
    expect(stderr).not.toContain('step');
  });

  it('refuses a config with every fault named', async () => {
    const change = { corpus: [], precision: 'int4', speed: 1, teachers: [{ kind: 'endpoint' }] };
    const { code, stderr } = await start(await prepare('faults', change)).ended;
    expect(code).toBe(1);
    for (const fault of [
      'speed is not known',
      'corpus must name',
      'precision must be',
      'teachers[0].endpointName is missing',
    ]) {
      expect(stderr).toContain(fault);
    }
  });
});
