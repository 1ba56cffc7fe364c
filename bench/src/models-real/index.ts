import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packBatch, type Pair, PairEncoder } from '@sagemaker-reranker/inference';
import {
  batchFeeds,
  SESSION_OPTIONS,
  openSession,
  type InferenceSession,
} from '@sagemaker-reranker/inference/runtime';
import { KEEPS, buildTuned, fidelity, runBatches } from '@sagemaker-reranker/inference/verify';
import type { ModelManifest } from '@sagemaker-reranker/models';
import { buildModel } from '@sagemaker-reranker/models/build';
import { THREADS, randomPairs } from '../models/setting.js';
import { median, medianRatio, sideBySide } from '../side-by-side.js';
import type { Report, Suite, SuiteOptions } from '../suite.js';
import { judgedGroups, type JudgedGroup } from './groups.js';
import { writeProbe } from './probe.js';

const TRAINED = { queries: 40, documents: 15, seed: 1 };
const JUDGED = { queries: 30, documents: 10, seed: 2 };
const ROUNDS = 9;

/** What a team does without this project: torch's export, quantized with a scale for each column. */
const QUANTIZE = `import sys, torch
from transformers import AutoModelForSequenceClassification
from onnxruntime.quantization import quantize_dynamic
source, exported, out = sys.argv[1:]
model = AutoModelForSequenceClassification.from_pretrained(source, attn_implementation="eager").eval()
names = ["input_ids", "attention_mask", "token_type_ids"]
axes = {0: "batch", 1: "sequence"}
example = tuple(torch.ones(2, 16, dtype=torch.long) for _ in names)
torch.onnx.export(model, example, exported, input_names=names, output_names=["logits"], opset_version=17, dynamo=False,
                  dynamic_axes={**{name: axes for name in names}, "logits": {0: "batch"}})
quantize_dynamic(exported, out, per_channel=True)`;

/** int8 of real encoders under heads that were trained on one collection, judged on another. */
export const modelsReal: Suite = {
  summary:
    'int8 of real encoders: --encoders DIR, --collections DIR, and --python FILE (about 4 min an encoder)',
  async run(report, note, options) {
    const { encoders, collections, python } = options;
    if (encoders === undefined || collections === undefined) {
      throw new Error('models-real needs --encoders DIR and --collections DIR, folders each');
    }
    const [train, judge] = (await foldersOf(collections)).reverse();
    const training = await judgedGroups(path.join(collections, train!), TRAINED);
    const judging = await judgedGroups(path.join(collections, judge!), JUDGED);
    const folders = await foldersOf(encoders);
    for (const name of folders) {
      const directory = await mkdtemp(path.join(tmpdir(), 'bench-real-'));
      try {
        note(`${name}: a head by ${train!}`);
        await writeProbe(path.join(encoders, name), training, path.join(directory, 'probe'), THREADS);
        note(`${name}: int8, judged on ${judge!}`);
        await measure(`${name}, head by ${train!}, on ${judge!}`, directory, judging, {
          report,
          note,
          python,
        });
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }
  },
};

interface Forms {
  readonly manifest: ModelManifest;
  /** ONNX files by form. */
  readonly files: Readonly<Record<string, string>>;
}

async function measure(
  name: string,
  directory: string,
  groups: readonly JudgedGroup[],
  { report, note, python }: { report: Report; note: (line: string) => void } & Pick<SuiteOptions, 'python'>,
): Promise<void> {
  const { manifest, files } = await build(directory, python, note);
  const tokenizer = path.join(directory, 'fp32', manifest.tokenizer.path);
  const encoder = new PairEncoder(tokenizer, manifest.pair_template, manifest.max_length);
  const batches: { pairs: Pair[] }[] = [];
  for (const { query, documents } of groups) {
    const pairs: Pair[] = [];
    for (const { text } of documents) pairs.push(await encoder.encode({ query, document: text }));
    batches.push({ pairs });
  }
  const { inputs, output, tokenizer: facts } = manifest;
  const logits: Record<string, readonly (readonly number[])[]> = {};
  for (const [form, modelFile] of Object.entries(files)) {
    const load = { modelFile, inputs, output, pad: facts.pad, threads: THREADS };
    ({ logits: logits[form] } = await runBatches(load, batches));
  }
  for (const form of Object.keys(files).filter((one) => one !== 'fp32')) {
    const found = fidelity(logits.fp32!, logits[form]!);
    const tuned = form === 'tuned int8';
    const figure = (what: string, value: number, unit: string, target?: object): void =>
      report({
        name: `${name}: ${form}, ${what}`,
        value,
        unit,
        target: tuned ? (target as never) : undefined,
      });
    figure('rms error over deviation', found.rmsError / found.deviation, 'x', { atMost: 0.06 });
    figure('Kendall tau', found.kendallTau, 'tau', { atLeast: KEEPS.kendallTau });
    figure('same first', found.sameFirst, `of ${found.queries}`, {
      atLeast: KEEPS.sameFirst * found.queries,
    });
    figure('largest error', found.largestError, 'logit');
  }
  const times = await timesOf(files, manifest);
  for (const form of Object.keys(files)) {
    report({ name: `${name}: ${form}, 16 x 128`, value: median(times[form]!), unit: 'ms' });
  }
  report({
    name: `${name}: tuned int8 over plain int8, 16 x 128`,
    value: medianRatio(times['tuned int8']!, times['plain int8']!),
    unit: 'x',
    target: { atMost: 1.15 },
  });
}

async function build(
  directory: string,
  python: string | undefined,
  note: (line: string) => void,
): Promise<Forms> {
  const at = (name: string): string => path.join(directory, name);
  const source = { directory: at('probe') };
  const manifest = await buildModel({ ...source, out: at('fp32'), precision: 'fp32' });
  await buildModel({ ...source, out: at('plain'), precision: 'int8' });
  await buildTuned({ ...source, out: at('tuned'), precision: 'int8', compare: false });
  const file = (name: string): string => path.join(at(name), manifest.model);
  const files = { fp32: file('fp32'), 'plain int8': file('plain'), 'tuned int8': file('tuned') };
  if (python === undefined) return { manifest, files };
  note('quantize_dynamic');
  await promisify(execFile)(python, [
    '-c',
    QUANTIZE,
    source.directory,
    at('exported.onnx'),
    at('dynamic.onnx'),
  ]);
  return { manifest, files: { ...files, quantize_dynamic: at('dynamic.onnx') } };
}

async function timesOf(files: Forms['files'], { inputs }: ModelManifest): Promise<Record<string, number[]>> {
  const settings = { ...SESSION_OPTIONS, intraOpNumThreads: THREADS, enableMemPattern: false } as const;
  const sessions = new Map<string, InferenceSession>();
  for (const [form, file] of Object.entries(files)) {
    sessions.set(form, await openSession(file, settings));
  }
  const feeds = batchFeeds(inputs, packBatch(randomPairs(16, 128), 0));
  const runs = [...sessions].map(([form, session]) => [form, () => session.run(feeds)] as const);
  const times = await sideBySide(Object.fromEntries(runs), ROUNDS);
  for (const session of sessions.values()) await session.release();
  return times;
}

async function foldersOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => name)
    .sort();
}
