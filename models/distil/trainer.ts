import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelError } from '../errors';
import { names } from '../jinabert/weights';
import type { PairElement } from '../manifest';
import { SESSION_OPTIONS } from '../onnx/session-options';
import { learningRateAt, sumOfSquares } from './adamw';
import type { AdamWSettings, Parameter } from './adamw';
import type { EncodedGroups } from './data/groups';
import type { Recipe } from './recipe';
import { assemble, sampleStep } from './sampler';
import { LOSS_TERMS, lossSettings, targets } from './loss';
import type { Judged, LossSettings, LossTerm, Targets } from './loss';
import { buildTrainingGraph, gradientOf, graphParameters, lossOf } from './student';

/** What one step of training showed. */
export interface StepReport {
  readonly step: number;
  /** Weighted sum of the terms, each a mean over the groups. */
  readonly loss: number;
  /** The terms that have a weight, without it. */
  readonly terms: Partial<Record<LossTerm, number>>;
  /** Share of groups with a positive whose positive got the highest logit; 0 where no group has one. */
  readonly accuracy: number;
  /** Share of pairs of scored candidates that the student orders as the teacher does, where there are such pairs. */
  readonly agreement?: number;
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
  readonly judged: readonly Judged[];
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
  private readonly loss: LossSettings;
  /** Position of each word's row in the gathered gradient of the step, -1 for words that do not occur. */
  private readonly slots: Int32Array;

  private constructor(
    private readonly recipe: Recipe,
    private readonly groups: EncodedGroups,
    private readonly template: readonly PairElement[],
    readonly student: Student,
    private readonly session: InferenceSession,
  ) {
    this.loss = lossSettings(recipe.loss);
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
    const graph = buildTrainingGraph(recipe.architecture, lossSettings(recipe.loss));
    const session = await InferenceSession.create(graph, {
      ...SESSION_OPTIONS,
      intraOpNumThreads: threads,
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
    const goal = targets(batch.judged, candidates, this.loss.temperature);
    const outputs = await this.run(batch, candidates, goal);
    // The graph's KL term is the cross-entropy, which the divergence is without the target's entropy.
    const loss = (outputs.loss.data as Float32Array)[0] - this.loss.kl * goal.entropy;
    const terms: Partial<Record<LossTerm, number>> = {};
    for (const term of LOSS_TERMS.filter((name) => this.loss[name] > 0)) {
      const value = (outputs[lossOf(term)].data as Float32Array)[0];
      terms[term] = term === 'kl' ? value - goal.entropy : value;
    }
    const words = this.gatherWordGradients(batch, outputs[gradientOf('embedded')].data as Float32Array);
    const gradients = new Map<string, Float32Array>();
    for (const name of graphParameters(recipe.architecture).keys()) {
      gradients.set(name, outputs[gradientOf(name)].data as Float32Array);
    }
    const squares = [...gradients.values(), words.rows, words.types].map(sumOfSquares);
    const gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new ModelError(
        'training_diverged',
        `training diverged at step ${step}: loss ${loss}, gradient norm ${gradientNorm}. The last checkpoint is kept; ` +
          'a lower learningRate, more warmupSteps or a smaller loss weight may help',
      );
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
    const logits = outputs.logits.data as Float32Array;
    const accuracy = positiveIsBest(logits, batch.judged, candidates);
    const agreement = pairAgreement(logits, batch.judged, candidates);
    return {
      step,
      loss,
      terms,
      accuracy,
      ...(agreement !== undefined && { agreement }),
      gradientNorm,
      learningRate,
      tokens: batch.tokens,
    };
  }

  private collect(step: number): Batch {
    const judged = sampleStep(this.groups, this.recipe, step);
    const pairs = judged.flatMap(({ query, documents }) =>
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
    return { judged, ids, types, mask, pairs: pairs.length, sequence, tokens };
  }

  private async run(
    batch: Batch,
    candidates: number,
    goal: Targets,
  ): Promise<InferenceSession.OnnxValueMapType> {
    const { hidden } = this.recipe.architecture;
    const words = this.student.get(names.words)!.data;
    const types = this.student.get(names.types)!.data;
    const embedded = new Float32Array(batch.ids.length * hidden);
    batch.ids.forEach((id, i) => {
      const type = batch.types[i] * hidden;
      for (let h = 0; h < hidden; h++) embedded[i * hidden + h] = words[id * hidden + h] + types[type + h];
    });
    const feeds: Record<string, Tensor> = {
      embedded: new Tensor('float32', embedded, [batch.ids.length, hidden]),
      attention_mask: new Tensor('int64', batch.mask, [batch.pairs, batch.sequence]),
    };
    for (const name of ['positive', 'known', 'scores', 'distribution'] as const) {
      if (!this.session.inputNames.includes(name)) continue;
      feeds[name] = new Tensor('float32', goal[name], [batch.pairs / candidates, candidates]);
    }
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

function positiveIsBest(logits: Float32Array, groups: readonly Judged[], candidates: number): number {
  let best = 0;
  let counted = 0;
  groups.forEach(({ positive }, row) => {
    if (positive < 0) return;
    counted++;
    const own = logits.subarray(row * candidates, (row + 1) * candidates);
    if (own.every((logit, i) => i === positive || logit < own[positive])) best++;
  });
  return counted === 0 ? 0 : best / counted;
}

function pairAgreement(
  logits: Float32Array,
  groups: readonly Judged[],
  candidates: number,
): number | undefined {
  let agreed = 0;
  let counted = 0;
  groups.forEach(({ scores }, row) => {
    for (let i = 0; i < candidates; i++) {
      for (let j = 0; j < i; j++) {
        const margin = scores[i]! - scores[j]!;
        // Not a number where one of the scores is unknown.
        if (!(margin !== 0) || Number.isNaN(margin)) continue;
        counted++;
        if (margin * (logits[row * candidates + i] - logits[row * candidates + j]) > 0) agreed++;
      }
    }
  });
  return counted === 0 ? undefined : agreed / counted;
}
