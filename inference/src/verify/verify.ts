import path from 'node:path';
import {
  ModelError,
  type ModelManifest,
  SAMPLE_DOCUMENTS,
  SAMPLE_QUERIES,
  VARIANTS,
  describeFile,
  isVariantId,
  parametersOf,
  readManifest,
} from '@sagemaker-reranker/models';
import { type ModelProto, readOnnx, toNumber } from '@sagemaker-reranker/models/build';
import { KNOWN_ANSWERS, KNOWN_ANSWER_TOLERANCE, KNOWN_TOKEN_IDS } from './known-answers.js';
import { packBatch } from '../batch.js';
import type { Pair } from '../pair.js';
import { PairEncoder } from '../pair-encoder.js';
import { runBatches } from './run-batches.js';

export interface Check {
  readonly name: string;
  /** `skipped` where it does not apply; `detail` says why. */
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
}

export interface Verification {
  readonly directory: string;
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/** Difference of a pair's logit, alone or in company, that rounding explains. */
const BATCH_TOLERANCE = 1e-5;
/** ONNX Runtime reads older operator sets, but not with the meaning this project has tested. */
const OLDEST_OPSET = 11;
const THREADS = 2;

/**
 * Verifies a model directory, nothing taken on trust: digests, the ONNX file's interface, tokenizer, parameters, that a
 * pair's logit depends neither on its batch nor on padding, and the published logits where the directory holds turbo or tiny.
 * @throws ModelError when there is nothing to verify: as `readManifest`, `readOnnx`, `PairEncoder` and `runBatches`, and
 * `opset_unsupported`.
 */
export async function verifyModel(directory: string): Promise<Verification> {
  const manifest = await readManifest(directory);
  const file = path.join(directory, manifest.model);
  const model = await readOnnx(file);
  checkOpset(model, file);
  const tokenizer = path.join(directory, manifest.tokenizer.path);
  const encoder = new PairEncoder(tokenizer, manifest.pair_template, manifest.max_length);
  const checks = [
    checkDigests(directory, manifest),
    checkInterface(model, manifest),
    checkVocabulary(encoder, manifest),
    checkParameters(manifest),
  ];
  if (checks.every(({ outcome }) => outcome !== 'failed')) {
    checks.push(...(await checkScores(file, encoder, manifest)));
  }
  const passed = checks.every(({ outcome }) => outcome !== 'failed');
  return { directory, passed, checks };
}

function check(name: string, ok: boolean, detail: string): Check {
  return { name, outcome: ok ? 'passed' : 'failed', detail };
}

function checkOpset({ opsetImport }: ModelProto, file: string): void {
  const standard = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  const version = standard ? toNumber(standard.version) : 0;
  if (version >= OLDEST_OPSET) return;
  const message = `${file} uses operator set ${version}; ${OLDEST_OPSET} or newer is wanted: export it again`;
  throw new ModelError('opset_unsupported', message, file);
}

function checkDigests(directory: string, manifest: ModelManifest): Check {
  const wrong: string[] = [];
  for (const entry of manifest.files) {
    const found = describeFile(directory, entry.path);
    if (found.sha256 !== entry.sha256) wrong.push(`${entry.path} has ${found.sha256}, not ${entry.sha256}`);
  }
  return check(
    'SHA-256 of the files',
    wrong.length === 0,
    wrong.join('; ') || `${manifest.files.length} files`,
  );
}

function checkInterface({ graph }: ModelProto, { inputs, output }: ModelManifest): Check {
  const initializers = new Set(graph.initializer.map(({ name }) => name));
  const found = graph.input.map(({ name }) => name).filter((name) => !initializers.has(name));
  const wanted = Object.values(inputs);
  const outputs = graph.output.map(({ name }) => name);
  const same = [...found].sort().join() === [...wanted].sort().join() && outputs.includes(output);
  const detail = `inputs ${found.join(', ')}; output ${outputs.join(', ')}`;
  return check(
    'inputs and outputs',
    same,
    same ? detail : `${detail}; the manifest declares inputs ${wanted.join(', ')} and output ${output}`,
  );
}

function checkVocabulary(encoder: PairEncoder, { tokenizer, architecture, variant }: ModelManifest): Check {
  const { vocabulary } = encoder.tokenizer;
  const ok = vocabulary <= tokenizer.vocabulary && tokenizer.vocabulary <= architecture.vocabulary;
  const detail = `${vocabulary} tokens, the model embeds ${architecture.vocabulary}`;
  return check(`tokenizer and vocabulary${variant ? ` of ${variant}` : ''}`, ok, detail);
}

function checkParameters({ architecture, parameters, variant }: ModelManifest): Check {
  if (architecture.structure === 'other') {
    return {
      name: 'parameters',
      outcome: 'skipped',
      detail: "the structure of an exporter's graph is not known",
    };
  }
  const counted = parametersOf(architecture);
  const published = variant && isVariantId(variant) ? VARIANTS[variant].parameters : undefined;
  const ok = counted === parameters && (published === undefined || counted === published);
  const wanted = published === undefined ? '' : `, ${String(variant)} has ${published}`;
  return check('parameters', ok, `${counted} by the sizes, ${parameters ?? 'none'} declared${wanted}`);
}

async function checkScores(
  modelFile: string,
  encoder: PairEncoder,
  manifest: ModelManifest,
): Promise<Check[]> {
  const pairs: Pair[] = [];
  for (const [i, document] of SAMPLE_DOCUMENTS.entries()) {
    pairs.push(await encoder.encode({ query: SAMPLE_QUERIES[i % SAMPLE_QUERIES.length]!, document }));
  }
  const known = knownAnswers(manifest);
  const answers: Pair[] = [];
  for (const answer of known) answers.push(await encoder.encode(answer));
  const longest = pairs.reduce((most, { length }) => Math.max(most, length), 0);
  const width = Math.min(longest + 37, manifest.max_length);
  const { inputs, output, tokenizer } = manifest;
  const load = { modelFile, inputs, output, pad: tokenizer.pad, threads: THREADS };
  const { logits } = await runBatches(load, [
    { pairs },
    { pairs: [...pairs].reverse() },
    { pairs, width },
    ...[...pairs, ...answers].map((pair) => ({ pairs: [pair] })),
  ]);
  const [together, reversed, padded, ...rest] = logits as [number[], number[], number[], ...number[][]];
  const single = rest.map(([logit]) => logit!);
  const apart = single.slice(0, pairs.length);
  const company = Math.max(largest(together, apart), largest([...reversed].reverse(), apart));
  const padding = largest(padded, together);
  return [
    check('logits are finite', single.every(Number.isFinite), `${single.length} pairs`),
    check('a pair alone equals the pair in a batch', company <= BATCH_TOLERANCE, difference(company)),
    check('padding changes nothing', padding <= BATCH_TOLERANCE, difference(padding)),
    checkKnown(manifest, known, single.slice(pairs.length)),
    await checkTokenIds(manifest, encoder),
  ];
}

/** Known answers hold for the published weights alone: a synthesized tiny has its sizes but not its logits. */
function knownAnswers({ variant, source }: ModelManifest) {
  const known =
    variant && isVariantId(variant) && source.kind !== 'synthesized' ? KNOWN_ANSWERS[variant] : [];
  return (known ?? []).flatMap(({ source: where, answers }) =>
    answers.map((answer) => ({ ...answer, where })),
  );
}

function checkKnown(
  { precision, source }: ModelManifest,
  known: ReturnType<typeof knownAnswers>,
  logits: readonly number[],
): Check {
  const name = 'published logits';
  if (known.length === 0) {
    const why = source.kind === 'synthesized' ? 'its weights are random' : 'none are known for this model';
    return { name, outcome: 'skipped', detail: why };
  }
  const errors = known.map(({ logit }, i) => Math.abs(logits[i]! - logit));
  const error = errors.reduce((most, one) => Math.max(most, one), 0);
  const detail = `${known.length} pairs, largest difference ${error.toExponential(2)}`;
  if (precision === 'int8') return { name, outcome: 'skipped', detail: `${detail}; they hold for fp32` };
  const worst = known[errors.indexOf(error)]!;
  const ok = error <= KNOWN_ANSWER_TOLERANCE;
  return check(name, ok, ok ? detail : `${detail}, at "${worst.document}" of ${worst.where}`);
}

async function checkTokenIds({ variant, source }: ModelManifest, encoder: PairEncoder): Promise<Check> {
  const name = 'published token ids';
  if ((variant !== 'turbo' && variant !== 'tiny') || source.kind === 'synthesized') {
    return { name, outcome: 'skipped', detail: 'none are known for this model' };
  }
  const wrong: string[] = [];
  for (const pair of KNOWN_TOKEN_IDS) {
    const found = packBatch([await encoder.encode(pair)], 0).ids.join();
    if (found !== pair.ids.join()) wrong.push(`"${pair.document}" gives ${found}, not ${pair.ids.join()}`);
  }
  return check(name, wrong.length === 0, wrong.join('; ') || `${KNOWN_TOKEN_IDS.length} pairs`);
}

function largest(a: readonly number[], b: readonly number[]): number {
  // NaN anywhere must not pass as no difference.
  return a.reduce((most, value, i) => {
    const error = Math.abs(value - b[i]!);
    return Number.isNaN(error) ? Infinity : Math.max(most, error);
  }, 0);
}

function difference(error: number): string {
  return `largest difference ${error.toExponential(2)}, allowed ${BATCH_TOLERANCE}`;
}
