import {
  SESSION_OPTIONS,
  type OnnxValue,
  openSession,
  tensor,
  type InferenceSession,
  type Tensor,
} from '@sagemaker-reranker/inference/runtime';
import { ModelError, type PairElement } from '@sagemaker-reranker/models';
import { names, weightShapes } from '@sagemaker-reranker/models/build';
import { Parameter, learningRateAt } from './adamw.js';
import type { AdamWSettings } from './adamw.js';
import { batches, type Batch } from './batch.js';
import type { GroupTable } from './data/groups.js';
import type { Recipe } from './recipe.js';
import { sampleStep, type Example } from './sampler.js';
import { LOSS_TERMS, lossSettings, targets } from './loss.js';
import type { Judged, LossSettings, LossTerm, Targets } from './loss.js';
import { StepGradients, floats } from './step-gradients.js';
import { buildTrainingGraph, graphParameters, lossOf } from './student.js';
import type { WordVectors } from './word-vectors.js';
import { LearntWords, ProjectedWords, type Update, type WordTable } from './words.js';

/** What one step of training showed. */
interface StepReport {
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

/** What a student makes of groups, as in `StepReport`. */
export type Judgement = Pick<StepReport, 'loss' | 'accuracy' | 'agreement'>;

/** Parameters by published name, with their optimizer moments. */
export type Student = Map<string, Parameter>;

const adamw = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8 };

/** Trains a student in place, one step a call, with ONNX Runtime as the engine. */
export class Trainer {
  readonly #settings: AdamWSettings;
  readonly #loss: LossSettings;
  readonly #gradients: StepGradients;
  readonly #recipe: Recipe;
  readonly #groups: GroupTable;
  readonly #template: readonly PairElement[];
  readonly #session: InferenceSession;
  readonly #words: WordTable;

  private constructor(
    recipe: Recipe,
    groups: GroupTable,
    template: readonly PairElement[],
    readonly student: Student,
    session: InferenceSession,
    words: WordTable,
  ) {
    this.#recipe = recipe;
    this.#groups = groups;
    this.#template = template;
    this.#session = session;
    this.#words = words;
    this.#loss = lossSettings(recipe.loss);
    this.#settings = { ...adamw, weightDecay: recipe.weightDecay };
    this.#gradients = new StepGradients(recipe.architecture);
  }

  /**
   * @param threads of ONNX Runtime
   * @param vectors of the words, where the student's table is made of them
   */
  static async create(
    recipe: Recipe,
    groups: GroupTable,
    template: readonly PairElement[],
    student: Student,
    threads: number,
    vectors?: WordVectors,
  ): Promise<Trainer> {
    const graph = buildTrainingGraph(recipe.architecture, lossSettings(recipe.loss));
    const session = await openSession(graph, {
      ...SESSION_OPTIONS,
      intraOpNumThreads: threads,
    });
    const words = vectors ? await ProjectedWords.create(student, vectors, threads) : new LearntWords(student);
    return new Trainer(recipe, groups, template, student, session, words);
  }

  /**
   * @param step from 1
   * @throws ModelError `training_diverged` when the loss or gradient is not finite; the student is then unchanged.
   */
  async step(step: number): Promise<StepReport> {
    const recipe = this.#recipe;
    const gradients = this.#gradients;
    const judged = sampleStep(this.#groups, recipe, step);
    const { parts, loss, terms, ...showed } = await this.#pass(judged);
    const gradientNorm = gradients.norm();
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new ModelError(
        'training_diverged',
        `training diverged at step ${step}: loss ${loss}, gradient norm ${gradientNorm}. The last checkpoint is kept; ` +
          'a lower learningRate, more warmupSteps or a smaller loss weight may help',
      );
    }
    const learningRate = learningRateAt(step, recipe.learningRate, recipe.warmupSteps, recipe.steps);
    await this.#update(step, learningRate, Math.min(1, recipe.clip / gradientNorm));
    return {
      step,
      loss,
      terms,
      ...showed,
      gradientNorm,
      learningRate,
      tokens: parts.reduce((sum, { ids }) => sum + ids.length, 0),
    };
  }

  /** What the student as it is makes of groups, as many of a table as `count`; it learns nothing from them. */
  async judge(groups: GroupTable, count: number): Promise<Judgement> {
    const { loss, accuracy, agreement } = await this.#pass(
      sampleStep(groups, { ...this.#recipe, groupsPerStep: count }, 1),
    );
    return { loss, accuracy, ...(agreement !== undefined && { agreement }) };
  }

  /** Forward and backward pass over groups: the gradient is in `gradients` afterwards. */
  async #pass(judged: readonly Example[]) {
    const recipe = this.#recipe;
    const gradients = this.#gradients;
    const parts = batches(judged, this.#template, recipe.trainingTokens);
    const candidates = 1 + recipe.negatives;
    const logits = new Float32Array(judged.length * candidates);
    const terms: Partial<Record<LossTerm, number>> = {};
    let loss = 0;
    let done = 0;
    gradients.reset(parts);
    const words = await this.#words.rows(gradients.words);
    for (const part of parts) {
      const goal = targets(part.groups, candidates, this.#loss.temperature);
      const outputs = await this.#run(part, candidates, goal, words);
      const share = part.groups.length / judged.length;
      // The graph's KL term is the cross-entropy, which the divergence is without the target's entropy.
      loss += share * (floats(outputs.loss!)[0]! - this.#loss.kl * goal.entropy);
      for (const term of LOSS_TERMS.filter((name) => this.#loss[name] > 0)) {
        const value = floats(outputs[lossOf(term)]!)[0]! - (term === 'kl' ? goal.entropy : 0);
        terms[term] = (terms[term] ?? 0) + share * value;
      }
      gradients.add(part, outputs, share);
      logits.set(floats(outputs.logits!), done * candidates);
      done += part.groups.length;
    }
    const agreement = pairAgreement(logits, judged, candidates);
    return {
      parts,
      loss,
      terms,
      accuracy: positiveIsBest(logits, judged, candidates),
      ...(agreement !== undefined && { agreement }),
    };
  }

  async #update(step: number, learningRate: number, scale: number): Promise<void> {
    const { parameters, words, rows } = this.#gradients;
    const update: Update = (parameter, gradient, start) => {
      parameter.update(gradient, step, learningRate, this.#settings, scale, start);
    };
    for (const [name, gradient] of parameters) update(this.student.get(name)!, gradient);
    await this.#words.learn(words, rows, update);
  }

  /** The student as it is served: with a plain word table. */
  async finished(): Promise<Student> {
    const { vocabulary, hidden } = this.#recipe.architecture;
    const table = await this.#words.rows(Array.from({ length: vocabulary }, (_, id) => id));
    const shapes = weightShapes(this.#recipe.architecture);
    const kept = [...this.student].filter(([name]) => shapes.has(name));
    return new Map(kept).set(names.words, new Parameter([vocabulary, hidden], table));
  }

  async #run(
    batch: Batch,
    candidates: number,
    goal: Targets,
    words: Float32Array,
  ): Promise<Readonly<Record<string, OnnxValue>>> {
    const { ids } = batch;
    const { hidden } = this.#recipe.architecture;
    const feeds: Record<string, Tensor> = {
      embedded: tensor('float32', this.#embed(batch, words), [ids.length, hidden]),
      attention_mask: tensor('int64', batch.mask, [batch.pairs, batch.sequence]),
    };
    for (const name of ['positive', 'known', 'scores', 'distribution'] as const) {
      if (!this.#session.inputNames.includes(name)) continue;
      feeds[name] = tensor('float32', goal[name], [batch.groups.length, candidates]);
    }
    for (const [name, dims] of graphParameters(this.#recipe.architecture)) {
      feeds[name] = tensor('float32', this.student.get(name)!.data, dims);
    }
    return this.#session.run(feeds);
  }

  /** Word plus type embedding of each token, row-major [tokens, hidden]. */
  #embed({ ids, types }: Batch, words: Float32Array): Float32Array {
    const { hidden } = this.#recipe.architecture;
    const { places } = this.#gradients;
    const typeTable = this.student.get(names.types)!.data;
    const embedded = new Float32Array(ids.length * hidden);
    for (let i = 0, at = 0; i < ids.length; i++) {
      let word = places[ids[i]!]! * hidden;
      let type = types[i]! * hidden;
      for (const end = at + hidden; at < end; at++) embedded[at] = words[word++]! + typeTable[type++]!;
    }
    return embedded;
  }
}

function positiveIsBest(logits: Float32Array, groups: readonly Judged[], candidates: number): number {
  let best = 0;
  let counted = 0;
  groups.forEach(({ positive }, row) => {
    if (positive < 0) return;
    counted++;
    const own = logits.subarray(row * candidates, (row + 1) * candidates);
    if (own.every((logit, i) => i === positive || logit < own[positive]!)) best++;
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
        if (margin * (logits[row * candidates + i]! - logits[row * candidates + j]!) > 0) agreed++;
      }
    }
  });
  return counted === 0 ? undefined : agreed / counted;
}
