/**
 * Entry of an inference process, and the only file that loads ONNX Runtime. Its `run()` blocks the thread it is called
 * on and a native crash ends the process, so neither may happen where HTTP is answered.
 */
import { Tensor, InferenceSession, SESSION_OPTIONS } from '@sagemaker-reranker/inference';
import type { BatchMessage, FromWorker, LoadMessage, ToWorker } from './protocol.js';

interface Loaded {
  readonly session: InferenceSession;
  readonly model: LoadMessage;
}

let loaded: Loaded | undefined;

function send(message: FromWorker): void {
  process.send?.(message);
}

async function load(model: LoadMessage): Promise<Loaded> {
  const session = await InferenceSession.create(model.modelFile, {
    ...SESSION_OPTIONS,
    intraOpNumThreads: model.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Batches differ in shape: a memory pattern planned for one is waste for the next.
    enableMemPattern: false,
    enableCpuMemArena: model.arena,
    // Faults come back as errors and are logged with their request; the runtime need not print them too.
    logSeverityLevel: 4,
  });
  const wanted = Object.values(model.inputs);
  const missing = wanted.filter((name) => !session.inputNames.includes(name));
  const unfed = session.inputNames.filter((name) => !wanted.includes(name));
  if (missing.length > 0 || unfed.length > 0 || !session.outputNames.includes(model.output)) {
    throw new Error(
      `it has inputs ${session.inputNames.join(', ')} and outputs ${session.outputNames.join(', ')}; ` +
        `the manifest declares inputs ${wanted.join(', ')} and output ${model.output}`,
    );
  }
  const ready = { session, model };
  // Shows at once what would fail with every request: a head of several classes above all.
  await score(ready, TRIAL);
  return ready;
}

/** A batch that every model can score: a pair of two tokens and one of one. */
const TRIAL: BatchMessage = {
  type: 'batch',
  lengths: Uint32Array.of(2, 1),
  ids: new Int32Array(3),
  types: new Uint8Array(3),
};

/** Rows of `batch` padded to the longest, as 64-bit integers. */
function padded(
  batch: BatchMessage,
  width: number,
  pad: number,
  value: (index: number) => number,
): BigInt64Array {
  const cells = new BigInt64Array(batch.lengths.length * width);
  // Token ids are small and not negative: writing the low words alone spares a BigInt for every cell.
  const words = new Int32Array(cells.buffer);
  let index = 0;
  batch.lengths.forEach((length, row) => {
    for (let column = 0; column < width; column += 1) {
      words[2 * (row * width + column)] = column < length ? value(index++) : pad;
    }
  });
  return cells;
}

async function score({ session, model }: Loaded, batch: BatchMessage): Promise<Float32Array> {
  const rows = batch.lengths.length;
  const width = batch.lengths.reduce((longest, length) => Math.max(longest, length), 0);
  const tensor = (pad: number, value: (index: number) => number): Tensor =>
    new Tensor('int64', padded(batch, width, pad, value), [rows, width]);
  const feeds: Record<string, Tensor> = {
    [model.inputs.input_ids]: tensor(model.pad, (index) => batch.ids[index]!),
    [model.inputs.attention_mask]: tensor(0, () => 1),
  };
  if (model.inputs.token_type_ids !== undefined) {
    feeds[model.inputs.token_type_ids] = tensor(0, (index) => batch.types[index]!);
  }
  const output = (await session.run(feeds, [model.output]))[model.output]!;
  if (!(output.data instanceof Float32Array) || output.data.length !== rows) {
    const shape = `${output.type} [${output.dims.join(', ')}]`;
    throw new Error(
      `output ${model.output} is ${shape} for ${rows} pairs; it must be float32 [${rows}, 1]: one logit a pair`,
    );
  }
  return output.data;
}

async function handle(message: ToWorker): Promise<void> {
  const start = performance.now();
  if (message.type === 'load') {
    try {
      loaded = await load(message);
      send({ type: 'ready', loadMs: performance.now() - start });
    } catch (error) {
      send({ type: 'load_failed', message: (error as Error).message });
    }
    return;
  }
  try {
    if (loaded === undefined) throw new Error('no model is loaded');
    const logits = await score(loaded, message);
    send({ type: 'scored', logits, ms: performance.now() - start });
  } catch (error) {
    send({ type: 'batch_failed', message: (error as Error).message });
  }
}

/** One batch after the other: the next may be here already, but its turn is when the answer to this one is sent. */
let turn: Promise<void> = Promise.resolve();
process.on('message', (message: ToWorker) => {
  turn = turn.then(() => handle(message));
});
// The parent decides when this process ends: a signal to the whole group must not lose the batch in hand.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit(0));
