import pino from 'pino';
import {
  divide,
  logPlan,
  planMemory,
  type MemorySettings,
} from '../../../container/src/engine/memory-plan.js';
import { VARIANTS } from '@sagemaker-reranker/models';
import { batchBytes, loadedBytes } from '../../../models/src/figures/memory.js';

const GIB = 1024 ** 3;
const MB = 1e6;
const base = { architecture: VARIANTS.base.architecture, max_length: 8_192 };
const exported = { ...base, exported: { choices: [] } };
const settings: MemorySettings = {
  workers: 1,
  batchTokens: 512,
  batchMemoryBytes: 0,
  multiModel: false,
  modelMemoryBytes: 3 * GIB,
};

const MODEL_BYTES = 500_000;

const plan = (more: Partial<MemorySettings>, memory: number, model: typeof base = base) =>
  planMemory(model, MODEL_BYTES, { ...settings, ...more }, memory);

describe('planMemory', () => {
  it('cuts the longest pair and the batches to the budget it is given, or derives', () => {
    expect(plan({}, 4 * GIB).model.max_length).toBe(8_192);
    const narrow = plan({ batchMemoryBytes: 100 * MB }, 4 * GIB);
    const cut = narrow.model.max_length;
    expect(cut).toBeLessThan(8_192);
    expect([narrow.limit(1, cut), narrow.limit(2, cut)]).toEqual([true, false]);
    expect(narrow.reason).toBe('RERANKER_BATCH_MEMORY_BYTES');
    expect(plan({}, 512 * 1024 ** 2).model.max_length).toBeLessThan(8_192);
    expect(plan({}, 1024).model.max_length).toBe(512);
  });

  it('cuts the longest pair of an exported graph to its whole score matrix, shared by the inference processes', () => {
    for (const workers of [1, 2, 4]) {
      const tokens = plan({ workers }, 4 * GIB, exported).model.max_length;
      expect(tokens).toBeLessThan(8_192);
      // Four arrays of [12, S, S] float32.
      expect(workers * 4 * 4 * 12 * tokens ** 2).toBeLessThan(0.8 * 4 * GIB);
      expect(workers * batchBytes(exported, 1, tokens)).toBeLessThan(0.8 * 4 * GIB);
    }
    expect(plan({}, 64 * GIB, exported).model.max_length).toBe(8_192);
  });

  it('takes fewer processes where each would lack the memory for the longest pair, and leaves no thread out', () => {
    const among = (memory: number, model = base, divided = true) =>
      divide(model, MODEL_BYTES, { ...settings, workers: 8, threads: 1, divided }, memory);
    expect(among(64 * GIB)).toEqual({ workers: 8, threads: 1 });
    expect(among(GIB / 4)).toEqual({ workers: 1, threads: 8 });
    expect(among(GIB / 4, base, false)).toEqual({ workers: 8, threads: 1 });
    const { workers, threads } = among(4 * GIB, exported);
    expect(workers).toBe(1);
    expect(threads).toBe(8);
    const between = among(2 * GIB);
    expect(between.workers).toBeGreaterThan(1);
    expect(between.workers).toBeLessThan(8);
    expect(plan({ workers: between.workers }, 2 * GIB).model.max_length).toBe(8_192);
  });

  it('knows the largest batch: the longest pair alone, or a full batch where that is more', () => {
    expect(plan({}, 4 * GIB).largestBatch).toBe(batchBytes(base, 1, 8_192));
    expect(plan({ batchTokens: 16_384 }, 4 * GIB).largestBatch).toBe(batchBytes(base, 1, 16_384));
    const { largestBatch, budget } = plan({ batchTokens: 16_384, batchMemoryBytes: 700 * MB }, 4 * GIB);
    expect(largestBatch).toBe(budget);
  });

  it('plans a model of a multi-model endpoint as if the memory for models were its own', () => {
    for (const workers of [1, 2]) {
      const { model, largestBatch, limit } = plan({ multiModel: true, workers }, GIB, exported);
      const loaded = loadedBytes(exported, MODEL_BYTES);
      expect(workers * (loaded + largestBatch)).toBeLessThanOrEqual(3 * GIB);
      expect(workers * (loaded + batchBytes(exported, 1, model.max_length + 1))).toBeGreaterThan(3 * GIB);
      expect(limit(1, model.max_length + 1)).toBe(false);
    }
  });
});

describe('the log of the plan', () => {
  it('warns where pairs are cut, and says what to do about an exported graph', () => {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as never) });
    logPlan(plan({}, 4 * GIB), base, logger);
    logPlan(plan({}, GIB, exported), exported, logger);
    expect(lines[0]).toMatchObject({ level: 30, maxTokens: 8_192, msg: 'memory planned' });
    expect(lines[0]).not.toHaveProperty('advice');
    expect(lines[1]).toMatchObject({ level: 40, declaredTokens: 8_192, msg: 'memory planned' });
    expect(lines[1]!.advice).toMatch(/builds the attention of a pair whole; `reranker models build`/);
  });
});
