import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelManifest } from '@sagemaker-reranker/models';
import {
  type ActivationFacts,
  type Equalization,
  type ProductForm,
  type PublishedModel,
  type Quantization,
  type WeightBits,
  activationsOf,
  instrumentGraph,
  specOf,
} from '@sagemaker-reranker/models/build';
import type { Pair } from '../pair.js';
import { tensor } from '../runtime.js';
import { type ActivationSample, Instrument, sampleActivations } from './calibrate.js';
import { equalize } from './equalize.js';

/** Pairs that activations are sampled over, and that the search scores for every activation. */
const SAMPLED_PAIRS = 64;
const SEARCHED_PAIRS = 32;
const BATCH = 8;
/** Error of the logits by rounding, as a share of their deviation, that is aimed at. */
const TARGET = 0.025;
/** Multiply-adds of a second byte, as a share of all, that may be spent. */
const LARGEST_COST = 0.16;

export interface Tuning {
  readonly quantization: Quantization;
  /** Error of the logits, as a share of their deviation, that the search expects on its texts. */
  readonly expected: number;
}

/**
 * Chooses how each product of an int8 model is computed, by what rounding does to the logits of some texts. Activations are
 * equalized first; then each is rounded alone, and those whose rounding moves the logits most, for what a second byte costs,
 * get one, until the error is small or the cost is spent.
 */
export async function tuneQuantization(
  published: PublishedModel,
  manifest: ModelManifest,
  pairs: readonly Pair[],
  options: {
    readonly weightBits?: WeightBits;
    readonly threads: number;
    readonly onProgress?: (done: number, total: number) => void;
  },
): Promise<Tuning> {
  const spec = specOf(published.architecture);
  const activations = activationsOf(spec);
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-tune-'));
  try {
    const tokenTypes = manifest.inputs.token_type_ids !== undefined;
    await instrumentGraph(published, { tokenTypes, kind: 'observed' }).write(directory, 'model.onnx');
    const observed = await Instrument.open(directory, manifest, options.threads);
    const samples = await sampleActivations(observed, activations, spread(pairs, SAMPLED_PAIRS));
    // Pairs of like length together: padding is work too.
    const searched = spread(pairs, SEARCHED_PAIRS).sort((a, b) => a.length - b.length);
    const exact = await logitsOf(observed, searched);
    await observed.close();
    const equalization = new Map<string, Equalization>();
    const importance = new Map<string, Float32Array>();
    for (const facts of activations) {
      const found = equalize(facts, samples.get(facts.name)!, published.weights);
      if (found) equalization.set(facts.name, found);
      importance.set(facts.name, meanSquares(samples.get(facts.name)!, found));
    }
    const offset = activations.filter(({ oneSided }) => oneSided).map(({ name }) => name);
    const graph = instrumentGraph(published, {
      tokenTypes,
      kind: 'rounded',
      weightBits: options.weightBits,
      quantization: {
        equalization,
        importance,
        forms: Object.fromEntries(offset.map((name) => [name, 'offset'])),
      },
    });
    await graph.write(directory, 'model.onnx');
    const rounded = await Instrument.open(directory, manifest, options.threads);
    const { forms, expected } = await search(rounded, activations, searched, options.onProgress);
    // Cutting the largest weights makes products a little smaller throughout: what that adds up to is known.
    const flags = Float32Array.from(activations, ({ name }) => (forms[name] === 'fine' ? 0 : 1));
    const found = await logitsOf(rounded, searched, flags);
    const logitShift = mean(found.map((logit, i) => logit - exact[i]!));
    await rounded.close();
    return { quantization: { forms, equalization, importance, logitShift }, expected };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function search(
  instrument: Instrument,
  activations: readonly ActivationFacts[],
  pairs: readonly Pair[],
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<{ forms: Record<string, ProductForm>; expected: number }> {
  const logits = (flags: Float32Array): Promise<Float32Array> => logitsOf(instrument, pairs, flags);
  const exact = await logits(new Float32Array(activations.length));
  const middle = mean(exact);
  const variance = mean(exact.map((x) => (x - middle) ** 2));
  const total = activations.reduce((sum, facts) => sum + costOf(facts), 0);
  const errors: { facts: ActivationFacts; error: number; cost: number }[] = [];
  for (const [i, facts] of activations.entries()) {
    const flags = new Float32Array(activations.length);
    flags[i] = 1;
    const found = await logits(flags);
    const error = found.reduce((sum, x, j) => sum + (x - exact[j]!) ** 2, 0) / exact.length / variance;
    errors.push({ facts, error, cost: costOf(facts) / total });
    onProgress(i + 1, activations.length);
  }
  errors.sort((a, b) => b.error / b.cost - a.error / a.cost);
  let left = errors.reduce((sum, { error }) => sum + error, 0);
  let spent = 0;
  const forms: Record<string, ProductForm> = {};
  for (const { facts, error, cost } of errors) {
    if (left > TARGET ** 2 && spent + cost <= LARGEST_COST) {
      forms[facts.name] = 'fine';
      left -= error;
      spent += cost;
    } else if (facts.oneSided) forms[facts.name] = 'offset';
  }
  return { forms, expected: Math.sqrt(left) };
}

/** Logits of the pairs, in their order; `flags`: the activations that are rounded, of a graph that takes them. */
async function logitsOf(
  instrument: Instrument,
  pairs: readonly Pair[],
  flags?: Float32Array,
): Promise<Float32Array> {
  const more = flags && { rounded: tensor('float32', flags, [flags.length]) };
  const parts: number[] = [];
  for (let at = 0; at < pairs.length; at += BATCH) {
    const { logits } = await instrument.run(pairs.slice(at, at + BATCH), more);
    parts.push(...(logits!.data as Float32Array));
  }
  return Float32Array.from(parts);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/** Of every channel over some rows, as the products read it. */
function meanSquares({ rows, most }: ActivationSample, equalized: Equalization | undefined): Float32Array {
  const sums = new Float32Array(most.length);
  for (const row of rows) {
    for (let i = 0; i < sums.length; i += 1) {
      const value = (row[i]! - (equalized?.shift?.[i] ?? 0)) / (equalized?.scale[i] ?? 1);
      sums[i]! += (value * value) / rows.length;
    }
  }
  return sums;
}

/** Multiply-adds of a row. */
function costOf({ readers, width }: ActivationFacts): number {
  return width * readers.reduce((sum, { out }) => sum + out, 0);
}

/** `count` of the pairs, evenly spread. */
function spread(pairs: readonly Pair[], count: number): Pair[] {
  if (pairs.length <= count) return [...pairs];
  return Array.from({ length: count }, (_, i) => pairs[Math.floor((i * pairs.length) / count)]!);
}
