import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelError } from '../errors';
import { names } from '../jinabert/weights';
import type { PairElement } from '../manifest';
import { learningRateAt, sumOfSquares } from './adamw';
import type { AdamWSettings, Parameter } from './adamw';
import type { EncodedGroups } from './data/groups';
import type { Recipe } from './recipe';
import { assemble, sampleStep } from './sampler';
import { buildTrainingGraph, gradientOf, graphParameters } from './student';

/** What one step of training showed. */
export interface StepReport {
  readonly step: number;
  /** Mean cross-entropy over the groups, nats. */
  readonly loss: number;
  /** Share of groups whose positive got the highest logit. */
  readonly accuracy: number;
  /** Euclidean norm of the gradient before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens of the step's pairs, padding not counted. */
  readonly tokens: number;
}

/** Parameters by published name, with their optimizer moments. */
export type Student = Map<string, Parameter>;

const adamw = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };

interface Batch {
  readonly ids: Int32Array;
  readonly types: Uint8Array;
  readonly mask: BigInt64Array;
  readonly pairs: number;
  readonly sequence: number;
  readonly tokens: number;
}

/** Trains a student in place, one step a call, with ONNX Runtime as the engine. */
export class Trainer {
  private readonly settings: AdamWSettings;
  /** Position of each word's row in the gathered gradient of the step, -1 for words that do not occur. */
  private readonly slots: Int32Array;

  private constructor(
    private readonly recipe: Recipe,
    private readonly groups: EncodedGroups,
    private readonly template: readonly PairElement[],
    readonly student: Student,
    private readonly session: InferenceSession,
  ) {
    this.settings = { ...adamw, weightDecay: recipe.weightDecay };
    this.slots = new Int32Array(recipe.architecture.vocabulary).fill(-1);
  }

  /** @param threads of ONNX Runtime */
  static async create(
    recipe: Recipe,
    groups: EncodedGroups,
    template: readonly PairElement[],
    student: Student,
    threads: number,
  ): Promise<Trainer> {
    const session = await InferenceSession.create(buildTrainingGraph(recipe.architecture), {
      intraOpNumThreads: threads,
      graphOptimizationLevel: 'basic',
      extra: { session: { set_denormal_as_zero: '1' } },
    });
    return new Trainer(recipe, groups, template, student, session);
  }

  /**
   * @param step from 1
   * @throws ModelError `training_diverged` when the loss or gradient is not finite; the student is then unchanged.
   */
  async step(step: number): Promise<StepReport> {
    const { recipe } = this;
    const candidates = 1 + recipe.negatives;
    const batch = this.collect(step);
    const outputs = await this.run(batch, candidates);
    const loss = (outputs.loss.data as Float32Array)[0];
    const words = this.gatherWordGradients(batch, outputs[gradientOf('embedded')].data as Float32Array);
    const gradients = new Map<string, Float32Array>();
    for (const name of graphParameters(recipe.architecture).keys()) {
      gradients.set(name, outputs[gradientOf(name)].data as Float32Array);
    }
    const squares = [...gradients.values(), words.rows, words.types].map(sumOfSquares);
    const gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new ModelError('training_diverged', `step ${step}: loss ${loss}, gradient norm ${gradientNorm}`);
    }
    const learningRate = learningRateAt(step, recipe.learningRate, recipe.warmupSteps, recipe.steps);
    const scale = Math.min(1, recipe.clip / gradientNorm);
    for (const [name, gradient] of gradients) {
      this.student.get(name)!.update(gradient, step, learningRate, this.settings, scale);
    }
    this.student.get(names.types)!.update(words.types, step, learningRate, this.settings, scale);
    const table = this.student.get(names.words)!;
    const { hidden } = recipe.architecture;
    words.order.forEach((id, slot) => {
      const row = words.rows.subarray(slot * hidden, (slot + 1) * hidden);
      table.update(row, step, learningRate, this.settings, scale, id * hidden);
      this.slots[id] = -1;
    });
    const accuracy = firstIsBest(outputs.logits.data as Float32Array, candidates);
    return { step, loss, accuracy, gradientNorm, learningRate, tokens: batch.tokens };
  }

  private collect(step: number): Batch {
    const pairs = sampleStep(this.groups, this.recipe, step).flatMap(({ query, documents }) =>
      documents.map((document) => assemble(this.template, query, document, this.recipe.trainingTokens)),
    );
    const sequence = pairs.reduce((most, { ids }) => Math.max(most, ids.length), 0);
    const ids = new Int32Array(pairs.length * sequence);
    const types = new Uint8Array(ids.length);
    const mask = new BigInt64Array(ids.length);
    let tokens = 0;
    pairs.forEach((pair, row) => {
      ids.set(pair.ids, row * sequence);
      types.set(pair.types, row * sequence);
      mask.fill(1n, row * sequence, row * sequence + pair.ids.length);
      tokens += pair.ids.length;
    });
    return { ids, types, mask, pairs: pairs.length, sequence, tokens };
  }

  private async run(batch: Batch, candidates: number): Promise<InferenceSession.OnnxValueMapType> {
    const { hidden } = this.recipe.architecture;
    const words = this.student.get(names.words)!.data;
    const types = this.student.get(names.types)!.data;
    const embedded = new Float32Array(batch.ids.length * hidden);
    batch.ids.forEach((id, i) => {
      const type = batch.types[i] * hidden;
      for (let h = 0; h < hidden; h++) embedded[i * hidden + h] = words[id * hidden + h] + types[type + h];
    });
    const groups = batch.pairs / candidates;
    const target = Float32Array.from({ length: batch.pairs }, (_, i) => (i % candidates === 0 ? 1 : 0));
    const feeds: Record<string, Tensor> = {
      embedded: new Tensor('float32', embedded, [batch.ids.length, hidden]),
      attention_mask: new Tensor('int64', batch.mask, [batch.pairs, batch.sequence]),
      target: new Tensor('float32', target, [groups, candidates]),
    };
    for (const [name, dims] of graphParameters(this.recipe.architecture)) {
      feeds[name] = new Tensor('float32', this.student.get(name)!.data, dims);
    }
    return this.session.run(feeds);
  }

  /** Sums the gradient of the embedded tokens by word and by type. */
  private gatherWordGradients(batch: Batch, embedded: Float32Array) {
    const { hidden } = this.recipe.architecture;
    const order: number[] = [];
    for (let i = 0; i < batch.ids.length; i++) {
      const id = batch.ids[i];
      if (batch.mask[i] === 1n && this.slots[id] < 0) this.slots[id] = order.push(id) - 1;
    }
    const rows = new Float32Array(order.length * hidden);
    const types = new Float32Array(2 * hidden);
    for (let i = 0; i < batch.ids.length; i++) {
      if (batch.mask[i] !== 1n) continue;
      const row = this.slots[batch.ids[i]] * hidden;
      const type = batch.types[i] * hidden;
      for (let h = 0; h < hidden; h++) {
        const g = embedded[i * hidden + h];
        rows[row + h] += g;
        types[type + h] += g;
      }
    }
    return { order, rows, types };
  }
}

function firstIsBest(logits: Float32Array, candidates: number): number {
  let best = 0;
  for (let at = 0; at < logits.length; at += candidates) {
    const rest = logits.subarray(at + 1, at + candidates);
    if (rest.every((logit) => logit < logits[at])) best++;
  }
  return (best * candidates) / logits.length;
}
