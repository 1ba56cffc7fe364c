import path from 'node:path';
import { type ModelManifest, Random } from '@sagemaker-reranker/models';
import { type ActivationFacts, observedName } from '@sagemaker-reranker/models/build';
import { packBatch } from '../batch.js';
import { batchFeeds } from '../feeds.js';
import type { Pair } from '../pair.js';
import { openSession, type InferenceSession } from '../runtime.js';
import { SESSION_OPTIONS } from '../session-options.js';

/** Rows of an activation that are kept of each pair. */
const ROWS_OF_PAIR = 6;

/** What an activation was over some texts. */
export interface ActivationSample {
  /** Some rows, [rows, width]. */
  readonly rows: readonly Float32Array[];
  /** Of every channel over all rows. */
  readonly least: Float32Array;
  readonly most: Float32Array;
}

/** A graph in this process, with the names and settings of the model it is of. */
export class Instrument {
  readonly #session: InferenceSession;
  readonly #manifest: ModelManifest;

  private constructor(session: InferenceSession, manifest: ModelManifest) {
    this.#session = session;
    this.#manifest = manifest;
  }

  static async open(directory: string, manifest: ModelManifest, threads: number): Promise<Instrument> {
    const options = { ...SESSION_OPTIONS, intraOpNumThreads: threads, enableMemPattern: false } as const;
    const session = await openSession(path.join(directory, 'model.onnx'), options);
    return new Instrument(session, manifest);
  }

  /** All outputs of one batch, by name; `more`: inputs besides those of the pairs. */
  run(
    pairs: readonly Pair[],
    more: Parameters<InferenceSession['run']>[0] = {},
  ): ReturnType<InferenceSession['run']> {
    const { inputs, tokenizer } = this.#manifest;
    return this.#session.run({ ...batchFeeds(inputs, packBatch(pairs, tokenizer.pad)), ...more });
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

/** Samples every activation of a graph that gives them as outputs. Pairs run alone, so that no row is padding. */
export async function sampleActivations(
  instrument: Instrument,
  activations: readonly ActivationFacts[],
  pairs: readonly Pair[],
): Promise<Map<string, ActivationSample>> {
  const random = new Random(1);
  const samples = new Map(
    activations.map(({ name, width }) => [
      name,
      {
        rows: [] as Float32Array[],
        least: new Float32Array(width).fill(Infinity),
        most: new Float32Array(width).fill(-Infinity),
      },
    ]),
  );
  for (const pair of pairs) {
    const outputs = await instrument.run([pair]);
    for (const { name, width } of activations) {
      const { rows, least, most } = samples.get(name)!;
      const data = outputs[observedName(name)]!.data as Float32Array;
      // Rows past the pair's own are what blocks of equal size want.
      for (let at = 0; at < pair.length * width; at += 1) {
        const channel = at % width;
        const value = data[at]!;
        if (value < least[channel]!) least[channel] = value;
        if (value > most[channel]!) most[channel] = value;
      }
      for (let i = 0; i < ROWS_OF_PAIR; i += 1) {
        const row = i === 0 ? 0 : random.below(pair.length);
        rows.push(data.slice(row * width, (row + 1) * width));
      }
    }
  }
  return samples;
}
