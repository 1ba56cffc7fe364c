import {
  type BatchLimit,
  type BatchModel,
  type ModelDescription,
  batchBytes,
  loadedBytes,
} from '@sagemaker-reranker/models';
import { memoryBytes } from '../limits.js';
import type { Logger } from '../log.js';
import type { Settings } from '../settings.js';
import { batchBudget, longestWithin, PLANNED_SHARE } from './batch-memory.js';

/** A longest pair below this is not worth serving: a machine with less memory is left to try. */
const SHORTEST_LIMIT = 512;
const EXPORTED_ADVICE =
  'an exported graph builds the attention of a pair whole; `reranker models build` makes one that does not';

/** What of the settings the plan is made from. */
export type MemorySettings = Pick<
  Settings,
  'workers' | 'batchTokens' | 'batchMemoryBytes' | 'multiModel' | 'modelMemoryBytes'
>;

/** Inference processes, and the threads of each. */
export type Division = Pick<Settings, 'workers' | 'threads'>;

type PlannedModel = BatchModel & Pick<ModelDescription, 'max_length'>;

interface MemoryPlan<M extends PlannedModel> {
  /** The model with its longest pair cut to what memory allows. */
  readonly model: M;
  /** Which batches stay within the budget. */
  readonly limit: BatchLimit;
  /** Bytes that a batch may take in an inference process, and where that comes from. */
  readonly budget: number;
  readonly reason: string;
  /** Bytes that an inference process holds once it has loaded the model. */
  readonly loaded: number;
  /** Bytes of the largest batch there can be: the longest pair alone, or a full batch. */
  readonly largestBatch: number;
}

/**
 * Plans the memory of a model's inference processes. On a multi-model endpoint each model is planned as if it had all the
 * memory for models to itself: what it can take must not depend on which others are loaded.
 * @param modelBytes of the model's files, values beside the ONNX file included
 * @param memory bytes there are for everything.
 */
export function planMemory<M extends PlannedModel>(
  model: M,
  modelBytes: number,
  settings: MemorySettings,
  memory: number = memoryBytes(),
): MemoryPlan<M> {
  const loaded = loadedBytes(model, modelBytes);
  const { budget, reason } = budgetOf(loaded, settings, memory);
  const fitting = Math.max(SHORTEST_LIMIT, longestWithin(model, model.max_length, budget));
  const maxTokens = Math.min(model.max_length, fitting);
  const fullBatch = Math.min(budget, batchBytes(model, 1, settings.batchTokens));
  return {
    model: { ...model, max_length: maxTokens },
    limit: (rows, width) => batchBytes(model, rows, width) <= budget,
    budget,
    reason,
    loaded,
    largestBatch: Math.max(batchBytes(model, 1, maxTokens), fullBatch),
  };
}

/**
 * The settings' inference processes and threads; where nobody set them, as many processes as have the memory for the longest
 * pair that one alone would take, and the threads of those that are left out.
 */
export function divide(
  model: PlannedModel,
  modelBytes: number,
  settings: MemorySettings & Division & Pick<Settings, 'divided'>,
  memory: number = memoryBytes(),
): Division {
  const { divided, threads } = settings;
  const plan = (processes: number): MemoryPlan<PlannedModel> =>
    planMemory(model, modelBytes, { ...settings, workers: processes }, memory);
  const needed = batchBytes(model, 1, plan(1).model.max_length);
  let { workers } = settings;
  while (divided && workers > 1 && plan(workers).budget < needed) workers -= 1;
  return { workers, threads: Math.floor((settings.workers * threads) / workers) };
}

function budgetOf(
  loaded: number,
  { workers, batchMemoryBytes, multiModel, modelMemoryBytes }: MemorySettings,
  memory: number,
): { budget: number; reason: string } {
  if (batchMemoryBytes > 0) return { budget: batchMemoryBytes, reason: 'RERANKER_BATCH_MEMORY_BYTES' };
  const less = `less ${workers} loaded model(s), for each inference process`;
  if (multiModel) {
    const left = Math.floor(modelMemoryBytes / workers) - loaded;
    return { budget: Math.max(0, left), reason: `RERANKER_MODEL_MEMORY_BYTES ${less}` };
  }
  return {
    budget: batchBudget({ memory, workers, loaded }),
    reason: `${100 * PLANNED_SHARE} % of ${memory} bytes less the server, ${less}`,
  };
}

/** Says in the log what was planned and why, as a warning where the model could take longer pairs. */
export function logPlan(plan: MemoryPlan<PlannedModel>, declared: PlannedModel, logger: Logger): void {
  const { model, budget, reason, largestBatch } = plan;
  const cut = model.max_length < declared.max_length;
  logger[cut ? 'warn' : 'info'](
    {
      batchMemoryBytes: budget,
      reason,
      maxTokens: model.max_length,
      declaredTokens: declared.max_length,
      largestBatchBytes: largestBatch,
      ...(cut && declared.exported !== undefined && { advice: EXPORTED_ADVICE }),
    },
    'memory planned',
  );
}
