import { appendFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Engine,
  type SettingOverrides,
  createEngine,
  resolveSettings,
} from '@sagemaker-reranker/container';
import { type ModelManifest, readManifest, writeManifest } from '@sagemaker-reranker/models';
import { until } from '../../support/until.js';
import { quiet } from '../support/logger.js';
import { removeModels, slowModel, smallModel, words } from '../support/model.js';

const engines: Engine[] = [];

async function start(modelDir: string, overrides: SettingOverrides = {}): Promise<Engine> {
  const engine = await createEngine(resolveSettings({ modelDir, threads: 1, ...overrides }, {}), quiet);
  engines.push(engine);
  return engine;
}

afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  await removeModels();
});

const code = (value: string) => expect.objectContaining({ code: value }) as Error;
const documents = Array.from({ length: 40 }, (_, i) => words('the quick brown fox'.slice(i % 10), 1 + i * 2));
/** A request that takes a slow model a while: 3,500 tokens a document. */
const slow = (tag: string, count = 1) => ({
  query: 'q',
  documents: Array.from({ length: count }, (_, i) => words(`${tag}${'ab'.repeat(i)}`, 3_500 + i)),
});

async function settle<T>(promise: Promise<T>): Promise<unknown> {
  return promise.then(
    () => 'answered',
    (error: unknown) => (error as { code?: string }).code ?? (error as Error).message,
  );
}

describe('Engine', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await start(await smallModel());
  });

  it('gives the same logits whatever is scored beside a document', async () => {
    const alone: number[] = [];
    for (const document of documents) {
      alone.push((await engine.score({ query: 'fox', documents: [document] })).logits[0]!);
    }
    const together = await engine.score({ query: 'fox', documents });
    expect(together.logits).toHaveLength(documents.length);
    together.logits.forEach((logit, i) => expect(Math.abs(logit - alone[i]!)).toBeLessThan(1e-5));
    expect(new Set(alone.map((logit) => logit.toFixed(6))).size).toBeGreaterThan(10);
  });

  it('answers concurrent requests as it answers them one by one', async () => {
    const requests = Array.from({ length: 12 }, (_, i) => ({
      query: words('abcdefghijkl'.slice(i), 1 + i),
      documents: documents.slice(i, i + 5),
    }));
    const together = await Promise.all(requests.map((request) => engine.score(request)));
    for (const [i, request] of requests.entries()) {
      const alone = await engine.score(request);
      alone.logits.forEach((logit, k) =>
        expect(Math.abs(logit - together[i]!.logits[k]!)).toBeLessThan(1e-5),
      );
      expect(together[i]!.tokens).toEqual(alone.tokens);
    }
  });

  it('scores an equal document once, and gives every copy its score and its tokens', async () => {
    const scores = await engine.score({ query: 'q', documents: ['a b', 'c', 'a b', 'a b'] });
    expect(scores.scoredDocuments).toBe(2);
    expect([...scores.tokens]).toEqual([7, 6, 7, 7]);
    expect(scores.totalTokens).toBe(27);
    expect(scores.logits[0]).toBe(scores.logits[2]);
    expect(scores.logits[0]).toBe(scores.logits[3]);
    expect(scores.logits[0]).not.toBe(scores.logits[1]);
  });

  it('cuts a pair to the longest the model takes', async () => {
    const long = await engine.score({ query: 'a b c', documents: [words('abc', 5_000), words('abc', 249)] });
    expect([...long.tokens]).toEqual([256, 256]);
    expect(long.logits[0]).toBe(long.logits[1]);
    const query = await engine.score({ query: words('ab', 5_000), documents: ['c', words('c', 100)] });
    expect([...query.tokens]).toEqual([256, 256]);
  });

  it('scores empty documents and none', async () => {
    const empty = await engine.score({ query: 'q', documents: ['', ' '] });
    // No model has seen them: they have the logit that ranks last.
    expect([...empty.tokens]).toEqual([0, 0]);
    expect([...empty.logits]).toEqual([-100, -100]);
    const mixed = await engine.score({ query: 'q', documents: ['', 'a fox'] });
    expect(mixed.logits[0]).toBeLessThan(mixed.logits[1]!);
    expect((await engine.score({ query: 'q', documents: [] })).totalTokens).toBe(0);
  });

  it('feeds a model by the inputs its manifest declares, with no type ids where it wants none', async () => {
    const plain = await start(await smallModel({ documentType: 0 }));
    const [first, second] = (await plain.score({ query: 'fox', documents: ['the fox', 'a b c'] })).logits;
    expect(first).not.toBe(second);
  });

  it('refuses what exceeds its queue and takes it again later', async () => {
    // Slow, so that none is answered before all three have asked.
    const narrow = await start(await slowModel(), { queueTokens: 8_000 });
    const large = slow('a', 2);
    const outcomes = await Promise.all([1, 2, 3].map(() => settle(narrow.score(large))));
    expect(outcomes.sort()).toEqual(['answered', 'overloaded', 'overloaded']);
    await expect(narrow.score(slow('b', 3))).rejects.toThrow(code('too_many_tokens'));
    expect((await narrow.score(large)).logits).toHaveLength(2);
  });
});

describe('Engine under faults', () => {
  let engine: Engine;

  beforeAll(async () => {
    engine = await start(await slowModel());
  });

  it('tries a batch again when the inference process dies on it', async () => {
    const before = await engine.score(slow('a'));
    const [victim] = engine.pids;
    const scoring = Promise.all([engine.score(slow('a')), engine.score({ query: 'q', documents: ['b'] })]);
    // What is admitted is with the process as long as that has room.
    await until(() => engine.queuedTokens > 0);
    process.kill(victim!, 'SIGKILL');
    const [again] = await scoring;
    expect(again.logits[0]).toBeCloseTo(before.logits[0]!, 5);
    expect(engine.pids).not.toContain(victim);
    expect(engine.healthy).toBe(true);
  });

  it('fails a request whose batch kills twice, and serves the next', async () => {
    let outcome: unknown;
    void settle(engine.score({ query: 'q', documents: [words('z', 8_000)] })).then(
      (value) => (outcome = value),
    );
    const killed = new Set<number>();
    const holder = (): number | undefined =>
      engine.queuedTokens > 0 && engine.workers.ready > 0
        ? engine.pids.find((pid) => !killed.has(pid))
        : undefined;
    while (outcome === undefined) {
      await until(() => outcome !== undefined || holder() !== undefined);
      const pid = holder();
      if (pid === undefined) continue;
      killed.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    expect(killed.size).toBe(2);
    expect(outcome).toBe('worker_crashed');
    expect((await engine.score({ query: 'q', documents: ['x'] })).logits).toHaveLength(1);
  });

  it('gives up at the deadline, and drops what was still waiting', async () => {
    const late = engine.score(slow('c', 40), { deadlineMs: 100 });
    await expect(late).rejects.toThrow(code('deadline_exceeded'));
    // 40 documents would take far longer than the time a test has.
    expect((await engine.score({ query: 'q', documents: ['x'] })).logits).toHaveLength(1);
  });

  it('drops the work of a caller that has gone', async () => {
    const gone = new AbortController();
    const scoring = settle(engine.score(slow('d', 40), { signal: gone.signal }));
    await until(() => engine.queuedTokens > 0);
    gone.abort(new Error('hung up'));
    expect(await scoring).toBe('hung up');
    await expect(engine.score(slow('d'), { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow(
      'gone',
    );
    expect((await engine.score({ query: 'q', documents: ['x'] })).logits).toHaveLength(1);
  });

  it('fails what waits when it is closed, and leaves no process', async () => {
    const pids = [...engine.pids];
    const scoring = settle(engine.score(slow('e', 5)));
    await until(() => engine.queuedTokens > 0);
    await engine.close();
    expect(await scoring).toBe('draining');
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await settle(engine.score({ query: 'q', documents: ['x'] }))).toBe('draining');
  });
});

describe('createEngine', () => {
  async function changed(change: (manifest: ModelManifest) => ModelManifest): Promise<string> {
    const directory = await smallModel();
    await writeManifest(directory, change(await readManifest(directory)));
    return directory;
  }

  it('names a directory, a manifest, a file that is missing or of another size', async () => {
    await expect(start('/nonexistent')).rejects.toThrow(code('model_directory_missing'));
    const directory = await smallModel();
    await appendFile(path.join(directory, 'model.onnx'), 'x');
    await expect(start(directory)).rejects.toThrow(/model\.onnx has \d+ bytes where the manifest declares/);
    await rm(path.join(directory, 'manifest.json'));
    await expect(start(directory)).rejects.toThrow(code('model_file_missing'));
  });

  it('names an ONNX file that is none, with the reason', async () => {
    const directory = await smallModel();
    const file = path.join(directory, 'model.onnx');
    await writeFile(file, Buffer.alloc((await stat(file)).size, 7));
    await expect(start(directory)).rejects.toThrow(code('model_invalid'));
    await expect(start(directory)).rejects.toThrow(/model\.onnx cannot be loaded: .*protobuf/i);
  });

  it('compares the declared inputs and output with the file', async () => {
    const directory = await changed((manifest) => ({ ...manifest, output: 'scores' }));
    await expect(start(directory)).rejects.toThrow(
      /has inputs input_ids, attention_mask, token_type_ids and outputs logits; the manifest declares .* output scores/,
    );
  });

  it('reports a model that refuses its input as inference_failed and goes on', async () => {
    const directory = await changed((manifest) => ({
      ...manifest,
      pair_template: manifest.pair_template.map((element) =>
        'special' in element && element.type === 0 ? { ...element, special: 90_000 } : element,
      ),
    }));
    const engine = await start(directory);
    expect(await settle(engine.score({ query: 'q', documents: ['a'] }))).toBe('inference_failed');
    expect(await settle(engine.score({ query: 'q', documents: ['a'] }))).toBe('inference_failed');
    expect(engine.healthy).toBe(true);
  });
});
