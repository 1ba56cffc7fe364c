import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ModelError } from './errors.js';
import type { Architecture } from './registry.js';

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
  readonly precision: 'fp32' | 'int8';
  /** Bits of int8 weights, where they are not 8. */
  readonly weight_bits?: 7;
  readonly architecture: Architecture;
  readonly parameters: number;
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
  let parsed: unknown;
  try {
    parsed = JSON.parse(typeof json === 'string' ? json : Buffer.from(json).toString('utf8'));
  } catch (cause) {
    throw new ModelError('manifest_invalid', `${file} is not JSON: ${(cause as Error).message}`, file, {
      cause,
    });
  }
  return checkManifest(parsed, file);
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

function checkManifest(value: unknown, file: string): ModelManifest {
  const faults: string[] = [];
  const manifest = (value ?? {}) as Partial<Record<keyof ModelManifest, unknown>>;
  const record = (name: string, field: unknown): Record<string, unknown> => {
    if (typeof field === 'object' && field !== null) return field as Record<string, unknown>;
    faults.push(`${name} must be an object`);
    return {};
  };
  const integer = (name: string, field: unknown, least: number): void => {
    if (!Number.isInteger(field) || (field as number) < least)
      faults.push(`${name} must be an integer of at least ${least}`);
  };
  const text = (name: string, field: unknown): void => {
    if (typeof field !== 'string' || field === '') faults.push(`${name} must be a non-empty string`);
  };
  const inside = (name: string, field: unknown): void => {
    text(name, field);
    if (typeof field === 'string' && escapes(field))
      faults.push(`${name} "${field}" leaves the model directory`);
  };

  if (manifest.format_version !== 1) faults.push('format_version must be 1');
  if (manifest.precision !== 'fp32' && manifest.precision !== 'int8')
    faults.push('precision must be "fp32" or "int8"');
  if (manifest.weight_bits !== undefined && !(manifest.weight_bits === 7 && manifest.precision === 'int8'))
    faults.push('weight_bits must be 7, of precision "int8", or absent');
  text('name', manifest.name);
  text('created_by', manifest.created_by);
  text('output', manifest.output);
  inside('model', manifest.model);
  integer('max_length', manifest.max_length, 8);
  integer('parameters', manifest.parameters, 1);
  text('source.kind', record('source', manifest.source).kind);
  const architecture = record('architecture', manifest.architecture);
  for (const key of ['layers', 'hidden', 'heads', 'intermediate', 'vocabulary']) {
    integer(`architecture.${key}`, architecture[key], 1);
  }
  const tokenizer = record('tokenizer', manifest.tokenizer);
  inside('tokenizer.path', tokenizer.path);
  integer('tokenizer.vocabulary', tokenizer.vocabulary, 1);
  integer('tokenizer.pad', tokenizer.pad, 0);
  const inputs = record('inputs', manifest.inputs);
  text('inputs.input_ids', inputs.input_ids);
  text('inputs.attention_mask', inputs.attention_mask);
  if (inputs.token_type_ids !== undefined) text('inputs.token_type_ids', inputs.token_type_ids);
  faults.push(...templateFaults(manifest.pair_template));
  if (!Array.isArray(manifest.files)) faults.push('files must be an array');
  else {
    manifest.files.forEach((entry: unknown, i) => {
      const item = record(`files[${i}]`, entry);
      inside(`files[${i}].path`, item.path);
      integer(`files[${i}].bytes`, item.bytes, 0);
      if (!/^[0-9a-f]{64}$/.test(String(item.sha256)))
        faults.push(`files[${i}].sha256 must be 64 hexadecimal digits`);
    });
    const listed = manifest.files.map((entry: { path?: unknown } | null) => entry?.path);
    for (const name of [manifest.model, tokenizer.path])
      if (!listed.includes(name)) faults.push(`files must list ${JSON.stringify(name)}`);
  }
  if (faults.length > 0) throw new ModelError('manifest_invalid', `${file}: ${faults.join('; ')}`, file);
  return value as ModelManifest;
}

function templateFaults(template: unknown): string[] {
  if (!Array.isArray(template)) return ['pair_template must be an array'];
  const sequences = template
    .map((element: Partial<{ sequence: string }> | null) => element?.sequence)
    .filter(Boolean);
  const order = sequences.join(' ');
  const malformed = template.some(
    (element: Partial<{ sequence: string; special: number; type: number }> | null) =>
      !Number.isInteger(element?.type) ||
      (element?.sequence === undefined && !Number.isInteger(element?.special)),
  );
  if (malformed)
    return ['pair_template: every element has a type and either a special token id or a sequence'];
  return order === 'query document'
    ? []
    : [`pair_template must hold query, then document, once each; it holds "${order}"`];
}

function escapes(relative: string): boolean {
  const normal = path.posix.normalize(relative.replaceAll('\\', '/'));
  return (
    path.posix.isAbsolute(normal) || normal === '..' || normal.startsWith('../') || /^[a-z]:/i.test(normal)
  );
}
