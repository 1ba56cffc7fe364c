import path from 'node:path';
import { type ModelManifest, Random } from '@sagemaker-reranker/models';
import { type SampleGroup, packagedSamples } from '../tune/samples.js';
import { Pair } from '../pair.js';
import { PairEncoder } from '../pair-encoder.js';
import { type Fidelity, fidelity } from './fidelity.js';
import { type BatchRun, runBatches } from './run-batches.js';

/** How a model's logits, speed and memory differ from those of the model it was made from. */
export interface Comparison extends Fidelity {
  /** Times of a batch of 16 pairs of 128 tokens, in milliseconds. */
  readonly milliseconds: { readonly source: number; readonly built: number };
  /** Peak memory while scoring those and one long pair, in bytes. */
  readonly peakBytes: { readonly source: number; readonly built: number };
}

/** Longest pair of the memory measurement. */
const LONG = 2048;
const THREADS = 2;

/**
 * Scores the sample texts with a model directory and with another ONNX file of the same tokenizer, and times both.
 * @throws ModelError as `runBatches`, for either.
 */
export async function compareModels(
  directory: string,
  manifest: ModelManifest,
  sourceModel: string,
  samples: readonly SampleGroup[] = packagedSamples(),
): Promise<Comparison> {
  const tokenizer = path.join(directory, manifest.tokenizer.path);
  const encoder = new PairEncoder(tokenizer, manifest.pair_template, manifest.max_length);
  const batches: BatchRun[] = [];
  for (const { query, documents } of samples) {
    const pairs: Pair[] = [];
    for (const document of documents) pairs.push(await encoder.encode({ query, document }));
    batches.push({ pairs });
  }
  const texts = batches.length;
  const length = Math.min(LONG, manifest.max_length);
  batches.push({ pairs: randomPairs(16, Math.min(128, length), manifest), repeats: 5 });
  batches.push({ pairs: randomPairs(1, length, manifest) });
  const request = { output: manifest.output, pad: manifest.tokenizer.pad, threads: THREADS };
  const ofBuilt = { ...request, modelFile: path.join(directory, manifest.model), inputs: manifest.inputs };
  // The source of a JinaBERT may want token types where ours does not.
  const inputs = { token_type_ids: 'token_type_ids', ...manifest.inputs };
  const ofSource = { ...request, modelFile: sourceModel, inputs, lenient: true };
  const built = await runBatches(ofBuilt, batches);
  const source = await runBatches(ofSource, batches);
  // In turns, and the faster of two medians: what else the machine does must not decide.
  const timed = batches.slice(texts, texts + 1);
  const builtAgain = await runBatches(ofBuilt, timed);
  const sourceAgain = await runBatches(ofSource, timed);

  return {
    ...fidelity(source.logits.slice(0, texts), built.logits.slice(0, texts)),
    milliseconds: {
      source: Math.min(source.milliseconds[texts]!, sourceAgain.milliseconds[0]!),
      built: Math.min(built.milliseconds[texts]!, builtAgain.milliseconds[0]!),
    },
    peakBytes: { source: source.peakBytes, built: built.peakBytes },
  };
}

function randomPairs(count: number, length: number, { architecture, tokenizer }: ModelManifest): Pair[] {
  const random = new Random(1);
  const most = Math.min(architecture.vocabulary, tokenizer.vocabulary);
  return Array.from({ length: count }, () =>
    Pair.ofIds(Int32Array.from({ length }, () => random.below(most))),
  );
}
