/**
 * Entry of an inference process. ONNX Runtime's `run()` blocks the thread it is called on and a native crash ends the
 * process, so neither may happen where HTTP is answered; and the peak of its memory is the model's own.
 */
import { readFileSync } from 'node:fs';
import type { ModelManifest } from '@sagemaker-reranker/models';
import type { PairBatch } from './batch.js';
import { batchFeeds } from './feeds.js';
import type { FromProcess, LoadMessage, ToProcess } from './protocol.js';
import { openSession, type InferenceSession } from './runtime.js';
import { sessionOptions } from './session-options.js';

interface Loaded {
  readonly session: InferenceSession;
  readonly inputs: ModelManifest['inputs'];
  readonly output: string;
}

let loaded: Loaded | undefined;

async function load(model: LoadMessage): Promise<Loaded> {
  const session = await openSession(model.modelFile, {
    ...sessionOptions(model),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Batches differ in shape: a memory pattern planned for one is waste for the next.
    enableMemPattern: false,
    enableCpuMemArena: model.arena ?? true,
  });
  const { inputNames, outputNames } = session;
  const { token_type_ids: types, ...others } = model.inputs;
  const leftOut = model.lenient === true && types !== undefined && !inputNames.includes(types);
  const inputs = leftOut ? others : model.inputs;
  const wanted = Object.values(inputs);
  const same = wanted.length === inputNames.length && wanted.every((name) => inputNames.includes(name));
  if (!same || !outputNames.includes(model.output)) {
    throw new Error(
      `it has inputs ${inputNames.join(', ')} and outputs ${outputNames.join(', ')}; ` +
        `the manifest declares inputs ${wanted.join(', ')} and output ${model.output}`,
    );
  }
  const ready = { session, inputs, output: model.output };
  // Shows at once what would fail with every request: a head of several classes above all.
  await score(ready, TRIAL);
  return ready;
}

/** A batch that every model can score: a pair of two tokens and one of one. */
const TRIAL: PairBatch = {
  lengths: Uint32Array.of(2, 1),
  width: 2,
  ids: new BigInt64Array(4),
  types: new BigInt64Array(4),
};

async function score(model: Loaded, batch: PairBatch): Promise<{ logits: Float32Array; ms: number }> {
  const rows = batch.lengths.length;
  const feeds = batchFeeds(model.inputs, batch);
  const start = performance.now();
  const output = (await model.session.run(feeds, [model.output]))[model.output]!;
  const ms = performance.now() - start;
  if (!(output.data instanceof Float32Array) || output.data.length !== rows) {
    const shape = `${output.type} [${output.dims.join(', ')}]`;
    throw new Error(
      `output ${model.output} is ${shape} for ${rows} pairs; it must be float32 [${rows}, 1]: one logit a pair`,
    );
  }
  return { logits: output.data, ms };
}

/** Largest resident memory of this process since it started, in bytes; Linux says it without the parent's share. */
function peakBytes(): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line) return 1024 * Number(line[1]);
  } catch {
    // Not Linux: the portable figure follows.
  }
  return 1024 * process.resourceUsage().maxRSS;
}

async function answer(message: ToProcess): Promise<FromProcess> {
  if (message.type === 'peak') return { type: 'peak', bytes: peakBytes() };
  if (message.type === 'load') {
    const emptyBytes = peakBytes();
    const start = performance.now();
    try {
      loaded = await load(message);
      return { type: 'ready', loadMs: performance.now() - start, emptyBytes };
    } catch (error) {
      return { type: 'load_failed', message: (error as Error).message };
    }
  }
  try {
    if (loaded === undefined) throw new Error('no model is loaded');
    return { type: 'scored', ...(await score(loaded, message)) };
  } catch (error) {
    return { type: 'batch_failed', message: (error as Error).message };
  }
}

/** One message after the other: the next may be here already, but its turn is when the answer to this one is sent. */
let turn: Promise<void> = Promise.resolve();
process.on('message', (message: ToProcess) => {
  turn = turn.then(async () => void process.send?.(await answer(message)));
});
// The parent decides when this process ends: a signal to the whole group must not lose the batch in hand.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
