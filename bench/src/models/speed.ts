import { packBatch } from '@sagemaker-reranker/inference';
import {
  batchFeeds,
  openSession,
  SESSION_OPTIONS,
  tensor,
  type InferenceSession,
  type Tensor,
} from '@sagemaker-reranker/inference/runtime';
import { Random, VARIANTS } from '@sagemaker-reranker/models';
import { medianRatio, median, sideBySide } from '../side-by-side.js';
import { bareProducts } from './bare-products.js';
import { SEED, THREADS, randomPairs, synthesized } from './setting.js';
import type { Setting } from './setting.js';

const PAIRS = 16;
const TOKENS = 128;
const ROUNDS = 21;

/** int8 tiny beside its fp32 and beside its bare products, in this process, in turns. */
export async function integerSpeed(setting: Setting): Promise<void> {
  const { report, note } = setting;
  const float = await synthesized(setting, 'tiny', 'fp32');
  const integer = await synthesized(setting, 'tiny', 'int8');
  const { architecture } = VARIANTS.tiny;
  const sessions = {
    fp32: await open(float.model),
    int8: await open(integer.model),
    bare: await open(bareProducts(architecture, SEED)),
  };
  const tokens = tokenFeeds();
  const rows = bareFeeds(architecture.hidden, architecture.intermediate);
  note(`tiny at ${PAIRS} x ${TOKENS} tokens, ${ROUNDS} rounds`);
  const times = await sideBySide(
    {
      fp32: () => sessions.fp32.run(tokens),
      int8: () => sessions.int8.run(tokens),
      bare: () => sessions.bare.run(rows),
    },
    ROUNDS,
  );
  for (const session of Object.values(sessions)) await session.release();
  const size = `tiny ${PAIRS}x${TOKENS}`;
  for (const name of ['fp32', 'int8', 'bare'] as const) {
    const what = name === 'bare' ? 'bare integer products' : name;
    report({ name: `${size}: ${what}`, value: median(times[name]), unit: 'ms' });
  }
  const gain = medianRatio(times.fp32, times.int8);
  report({ name: `${size}: int8 as fast as fp32`, value: gain, unit: 'x', target: { atLeast: 2.2 } });
  const overhead = medianRatio(times.int8, times.bare);
  report({
    name: `${size}: int8 over its bare products`,
    value: overhead,
    unit: 'x',
    target: { atMost: 1.8 },
  });
}

/** The container's options. */
function open(model: string | Uint8Array): Promise<InferenceSession> {
  return openSession(model, {
    ...SESSION_OPTIONS,
    intraOpNumThreads: THREADS,
    enableMemPattern: false,
  });
}

function tokenFeeds(): Record<string, Tensor> {
  const inputs = { input_ids: 'input_ids', attention_mask: 'attention_mask' };
  return batchFeeds(inputs, packBatch(randomPairs(PAIRS, TOKENS), 0));
}

function bareFeeds(hidden: number, intermediate: number): Record<string, Tensor> {
  const random = new Random(SEED);
  const bytes = (rows: number, features: number): Tensor => {
    const values = Uint8Array.from({ length: rows * features }, () => random.below(256));
    return tensor('uint8', values, [rows, features]);
  };
  return {
    hidden: bytes(PAIRS * TOKENS, hidden),
    inner: bytes(PAIRS * TOKENS, intermediate),
    first_hidden: bytes(PAIRS, hidden),
    first_inner: bytes(PAIRS, intermediate),
  };
}
