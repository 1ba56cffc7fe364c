import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { type Architecture, STRUCTURES } from '../architecture.js';
import { PRECISIONS, type Precision, type ProductForm } from '../encoder/quantization.js';
import { ModelError } from '../errors.js';
import { describeIssues } from '../common/issues.js';
import { jsonOf } from '../common/file-kinds.js';

/** Name of the manifest inside a model directory. */
export const MANIFEST_FILE = 'manifest.json';

/** One element of the pair a cross-encoder reads: a special token by id, or a whole text; with its token type id. */
export type PairElement =
  | { readonly special: number; readonly type: number }
  | { readonly sequence: 'query' | 'document'; readonly type: number };

export interface ManifestFile {
  /** Path inside the model directory, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** What a model directory declares about itself; the container believes this and no constant. */
export interface ModelManifest {
  readonly format_version: 1;
  readonly name: string;
  /** Registry variant this directory holds, if it is one. */
  readonly variant?: string;
  /** Where the weights come from; for example `{ kind: "synthesized", seed: 7 }`. */
  readonly source: { readonly kind: string } & Readonly<Record<string, unknown>>;
  readonly precision: Precision;
  /** Bits of int8 weights, where they are not 8. */
  readonly weight_bits?: 7;
  /** How int8 products that are not of the plain form are computed, and whether activations were equalized. */
  readonly quantization?: {
    readonly forms: Readonly<Record<string, ProductForm>>;
    readonly equalized: boolean;
  };
  readonly architecture: Architecture;
  /** Absent for an exporter's graph. */
  readonly parameters?: number;
  /** Longest pair in tokens, special tokens included. */
  readonly max_length: number;
  /** Path of the ONNX file inside the directory. */
  readonly model: string;
  readonly tokenizer: { readonly path: string; readonly vocabulary: number; readonly pad: number };
  readonly pair_template: readonly PairElement[];
  /** Input names the ONNX file declares, int64 [batch, sequence]; `token_type_ids` only where it wants them. */
  readonly inputs: {
    readonly input_ids: string;
    readonly attention_mask: string;
    readonly token_type_ids?: string;
  };
  /** Name of the output, float32 [batch, 1], the raw logit. */
  readonly output: string;
  /** How the model's publisher makes a score of the logit, where the files say it. */
  readonly activation?: 'sigmoid' | 'identity';
  /** Present where the graph is an exporter's: what was chosen and why, a sentence each. */
  readonly exported?: { readonly choices: readonly string[] };
  readonly files: readonly ManifestFile[];
  /** Package and version that wrote the directory. */
  readonly created_by: string;
}

/** Pair template of the Jina rerankers: `<s> query </s></s> document </s>`. */
export function robertaPair(ids: { cls: number; sep: number }, documentType: 0 | 1): PairElement[] {
  return [
    { special: ids.cls, type: 0 },
    { sequence: 'query', type: 0 },
    { special: ids.sep, type: 0 },
    { special: ids.sep, type: documentType },
    { sequence: 'document', type: documentType },
    { special: ids.sep, type: documentType },
  ];
}

/** Pair template of BERT: `[CLS] query [SEP] document [SEP]`, the document and its end of type 1. */
export function bertPair(ids: { cls: number; sep: number }): PairElement[] {
  return [
    { special: ids.cls, type: 0 },
    { sequence: 'query', type: 0 },
    { special: ids.sep, type: 0 },
    { sequence: 'document', type: 1 },
    { special: ids.sep, type: 1 },
  ];
}

/** Number of special tokens a pair costs besides its two texts. */
export function specialTokens(template: readonly PairElement[]): number {
  return template.filter((element) => 'special' in element).length;
}

/** Bytes of a model's weights and graph: of all its files but the tokenizer. */
export function weightBytes({ files, tokenizer }: Pick<ModelManifest, 'files' | 'tokenizer'>): number {
  return files.reduce((sum, { path: file, bytes }) => sum + (file === tokenizer.path ? 0 : bytes), 0);
}

const CHUNK_BYTES = 1 << 20;

/** Size and SHA-256 of a file of the directory, read in pieces. */
export function describeFile(directory: string, relative: string): ManifestFile {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const handle = openSync(path.join(directory, relative), 'r');
  let bytes = 0;
  try {
    for (let read = 1; read > 0; bytes += read) {
      read = readSync(handle, chunk, 0, CHUNK_BYTES, null);
      hash.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(handle);
  }
  return { path: relative, bytes, sha256: hash.digest('hex') };
}

export async function writeManifest(directory: string, manifest: ModelManifest): Promise<void> {
  await writeFile(path.join(directory, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Reads and checks the manifest of a model directory and that its files are there with the declared sizes.
 * @throws ModelError `model_directory_missing`, `model_file_missing`, `manifest_invalid`, `model_invalid`.
 */
export function readManifest(directory: string): Promise<ModelManifest> {
  return Promise.resolve().then(() => readManifestSync(directory));
}

/** As `readManifest`, for callers that cannot wait, as the synthesis of a CDK app cannot. */
export function readManifestSync(directory: string): ModelManifest {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ModelError('model_directory_missing', `no model directory at ${directory}`, directory);
  }
  const file = path.join(directory, MANIFEST_FILE);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const why = `${file} cannot be read: a model directory holds a ${MANIFEST_FILE}`;
    throw new ModelError('model_file_missing', why, file, { cause });
  }
  const manifest = parseManifest(bytes, file);
  for (const entry of manifest.files) checkFile(directory, entry);
  return manifest;
}

/**
 * The manifest in the bytes or the text of a `manifest.json`; whether its files exist is not looked at.
 * @param file where it was read, for the message
 * @throws ModelError `manifest_invalid` naming every field at fault.
 */
export function parseManifest(json: Uint8Array | string, file: string = MANIFEST_FILE): ModelManifest {
  return checkManifest(jsonOf(json, file, 'manifest_invalid'), file);
}

function checkFile(directory: string, entry: ManifestFile): void {
  const file = path.join(directory, entry.path);
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found?.isFile()) {
    throw new ModelError(
      'model_file_missing',
      `${file} is missing; the manifest declares ${entry.bytes} bytes`,
      file,
    );
  }
  if (found.size !== entry.bytes) {
    throw new ModelError(
      'model_invalid',
      `${file} has ${found.size} bytes where the manifest declares ${entry.bytes}: truncated or replaced`,
      file,
    );
  }
}

const file = v.pipe(
  v.string(),
  v.nonEmpty('must not be empty'),
  v.check((name) => !escapes(name), 'leaves the model directory'),
);
const text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const atLeast = (least: number) =>
  v.pipe(v.number(), v.integer('must be an integer'), v.minValue(least, `must be at least ${least}`));
const count = atLeast(1);
const type = atLeast(0);

const architecture = v.looseObject({
  structure: v.optional(v.picklist(STRUCTURES)),
  layers: count,
  hidden: count,
  heads: count,
  intermediate: count,
  vocabulary: count,
  positions: v.optional(count),
});

const pairTemplate = v.pipe(
  v.array(
    v.union(
      [v.object({ special: type, type }), v.object({ sequence: v.picklist(['query', 'document']), type })],
      'must have a type, and either a special token id or a sequence',
    ),
  ),
  v.check(
    (template) =>
      template.flatMap((part) => ('sequence' in part ? [part.sequence] : [])).join(' ') === 'query document',
    'must hold query, then document, once each',
  ),
);

const manifestSchema = v.pipe(
  v.looseObject({
    format_version: v.literal(1, 'must be 1'),
    name: text,
    source: v.looseObject({ kind: text }),
    precision: v.picklist(PRECISIONS, `must be one of ${PRECISIONS.join(', ')}`),
    weight_bits: v.optional(v.literal(7, 'must be 7, of precision "int8", or absent')),
    architecture,
    parameters: v.optional(count),
    max_length: atLeast(8),
    model: file,
    tokenizer: v.looseObject({ path: file, vocabulary: count, pad: atLeast(0) }),
    pair_template: pairTemplate,
    inputs: v.looseObject({ input_ids: text, attention_mask: text, token_type_ids: v.optional(text) }),
    output: text,
    activation: v.optional(v.picklist(['sigmoid', 'identity'])),
    exported: v.optional(v.looseObject({ choices: v.array(v.string()) })),
    files: v.array(
      v.looseObject({
        path: file,
        bytes: atLeast(0),
        sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')),
      }),
    ),
    created_by: text,
  }),
  v.check(
    ({ precision, weight_bits }) => weight_bits === undefined || precision === 'int8',
    'weight_bits must be 7, of precision "int8", or absent',
  ),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { files, model, tokenizer } = dataset.value;
    const listed = files.map(({ path: name }) => name);
    for (const name of [model, tokenizer.path])
      if (!listed.includes(name)) addIssue({ message: `files must list ${JSON.stringify(name)}` });
  }),
);

function checkManifest(value: unknown, where: string): ModelManifest {
  const result = v.safeParse(manifestSchema, value);
  // What the schema knows nothing of is kept: a later version's fields must not be lost.
  if (result.success) return value as ModelManifest;
  throw new ModelError('manifest_invalid', `${where}: ${describeIssues(result.issues)}`, where);
}

function escapes(relative: string): boolean {
  const normal = path.posix.normalize(relative.replaceAll('\\', '/'));
  return (
    path.posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../') || /^[a-z]:/i.test(normal)
  );
}
