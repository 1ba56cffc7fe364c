import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.js';
import {
  type BuildOptions,
  OTHER_WEIGHTS,
  WEIGHT_FILES,
  buildModel,
  checkWeightBits,
  wantedWeights,
} from '../directory/build.js';
import { emptyTarget } from '../common/write-whole.js';
import type { WeightBits } from '../encoder/products.js';
import type { Precision } from '../encoder/quantization.js';
import { ModelError } from '../errors.js';
import { describeFile } from '../directory/manifest.js';
import type { ModelManifest } from '../directory/manifest.js';
import { VARIANTS, VARIANT_IDS, isVariantId } from '../registry.js';
import { parseConfig } from '../source/config-file.js';
import { WEIGHT_INDEX, readWeightIndex, shardsOf } from '../source/sharded-weights.js';
import { readTokenizerSettings } from '../source/tokenizer-settings.js';
import { type ConfigFacts, architectureFromConfig } from '../structures/from-config.js';
import { readPublishedTokenizer } from '../directory/tokenizer-file.js';
import { DownloadError, type DownloadOptions, download } from './download.js';
import { Hub, refusal, unreachable } from './hub.js';
import type { HubOptions, RemoteFile } from './hub.js';

export interface FetchOptions extends HubOptions {
  /** A registry variant, or a hub id `owner/name`. */
  readonly model: string;
  /** Commit, tag or branch. Default: the commit the registry pins; `main` for other repositories. */
  readonly revision?: string;
  /** Directory to write; must not exist or be empty. */
  readonly out: string;
  /** Default: fp32. */
  readonly precision?: Precision;
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  /** A directory that has the files already: no network is used. */
  readonly from?: string;
  /** Makes the model directory of the files. Default: `buildModel`. */
  readonly build?: (options: BuildOptions) => Promise<ModelManifest>;
  /** Called as bytes of a file arrive. */
  readonly onProgress?: (file: RemoteFile, bytes: number) => void;
  /** Told when the repository's sizes are not those that the registry knows. */
  readonly onNote?: (note: string) => void;
  readonly retry?: Pick<DownloadOptions, 'tries' | 'pauseMs'>;
}

const NEEDED = ['config.json', 'tokenizer.json'];
const SETTINGS = 'tokenizer_config.json';
/** Where exporters put the values of a graph that one file cannot hold. */
const EXPORT_DATA = ['model.onnx', 'onnx/model.onnx'].flatMap((name) => [`${name}_data`, `${name}.data`]);

/**
 * Fetches a model from the hub and builds its directory. Files arrive in `OUT.download-COMMIT`, which an interrupted call
 * leaves behind and the next one continues; it is removed when the model is built.
 * @throws ModelError `unknown_variant`, `output_exists`, `hub_*`, `download_incomplete`, `digest_mismatch`, and as `buildModel`.
 */
export async function fetchModel(options: FetchOptions): Promise<ModelManifest> {
  const { model, out, precision = 'fp32', embeddings, weightBits, build = buildModel } = options;
  checkWeightBits(precision, weightBits);
  await emptyTarget(out);
  const { repository, pinned } = resolve(model);
  const settings = { out, precision, embeddings, weightBits, name: repository.split('/').at(-1) };
  if (options.from !== undefined) {
    return build({ ...settings, directory: options.from, source: { kind: 'directory', repository } });
  }
  const hub = await Hub.open(options);
  const commit = await hub.commit(repository, options.revision ?? pinned ?? 'main');
  const looked = [...NEEDED, SETTINGS, ...WEIGHT_FILES, ...EXPORT_DATA, ...Object.keys(OTHER_WEIGHTS)];
  const files = await hub.files(repository, commit, looked);
  const directory = `${path.resolve(out)}.download-${commit.slice(0, 12)}`;
  const get = (file: RemoteFile): Promise<void> =>
    fetchFile(file, path.join(directory, file.path), {
      ...options.retry,
      headers: hub.headers,
      onProgress: (bytes) => options.onProgress?.(file, bytes),
    });
  const { described, weights } = choose(repository, files);
  const discard = (): Promise<void> => rm(directory, { recursive: true, force: true });
  await settled(described.map(get));
  try {
    // What cannot be run is refused before a byte of the weights.
    const { architecture } = await checkPublished(directory);
    const note = isVariantId(model) ? differences(architecture, VARIANTS[model].architecture) : undefined;
    if (note !== undefined) options.onNote?.(`${repository} is not as this version knows ${model}: ${note}`);
    if (weights === undefined) {
      const others = files.map(({ path: name }) => name).filter((name) => name in OTHER_WEIGHTS);
      throw new ModelError('hub_not_found', `${repository} has no ${wantedWeights(others)}`);
    }
    await get(weights);
    const parts =
      weights.path === WEIGHT_INDEX
        ? await shards(hub, repository, commit, path.join(directory, WEIGHT_INDEX))
        : files.filter(({ path: name }) => EXPORT_DATA.includes(name) && name.startsWith(weights.path));
    for (const part of parts) await get(part);
    const fetched = [...described, weights, ...parts].map((file) => describeFile(directory, file.path));
    const source = { kind: 'hub', repository, revision: commit, files: fetched } as const;
    const manifest = await build({ ...settings, directory, source });
    await discard();
    return manifest;
  } catch (error) {
    // Complete files are as the hub has them: of what is wrong in them today nothing can be built tomorrow.
    const { code, file } = error instanceof ModelError ? error : {};
    if (code === 'hub_not_found' || file?.startsWith(directory)) await discard();
    throw error;
  }
}

/**
 * The files that an index of weights names.
 * @throws ModelError `model_invalid`, `hub_*`.
 */
async function shards(hub: Hub, repository: string, commit: string, index: string): Promise<RemoteFile[]> {
  const names = shardsOf(readWeightIndex(index));
  const files = await hub.files(repository, commit, names);
  const missing = names.filter((name) => !files.some((file) => file.path === name));
  if (missing.length === 0) return files;
  const message = `${repository} has no ${missing.join(', no ')}, which its ${WEIGHT_INDEX} names`;
  throw new ModelError('hub_not_found', message);
}

/** @throws ModelError `hub_*`, `download_incomplete`, `digest_mismatch`. */
async function fetchFile(file: RemoteFile, target: string, options: DownloadOptions): Promise<void> {
  const { path: name, url, bytes, sha256, blob = '' } = file;
  const digest =
    sha256 === undefined
      ? ({ algorithm: 'git-blob', hex: blob } as const)
      : ({ algorithm: 'sha256', hex: sha256 } as const);
  try {
    await download({ name, url, bytes, digest }, target, options);
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const { code, message, status = 0, cause } = error;
    if (code === 'unreachable') throw unreachable(url, cause, name);
    if (code === 'refused') throw refusal(status, name, url);
    throw code === 'incomplete'
      ? new ModelError('download_incomplete', message)
      : new ModelError('digest_mismatch', `${message}; fetch again`);
  }
}

/** Refuses what the configuration and the tokenizer show not to be a cross-encoder whose graph is built. */
async function checkPublished(directory: string): Promise<ConfigFacts> {
  const file = path.join(directory, 'config.json');
  const facts = architectureFromConfig(await parseConfig(file), file);
  readTokenizerSettings(path.join(directory, SETTINGS));
  const { vocabulary, offset } = facts.architecture;
  await readPublishedTokenizer(path.join(directory, 'tokenizer.json'), vocabulary, offset);
  return facts;
}

/** Sizes that a repository declares otherwise than the registry, as text; undefined where there are none. */
function differences(declared: Architecture, known: Architecture): string | undefined {
  const keys = Object.keys({ ...declared, ...known }) as (keyof Architecture)[];
  const shown = (value: unknown): string => JSON.stringify(value) ?? 'the usual';
  return (
    keys
      .filter((key) => shown(declared[key]) !== shown(known[key]))
      .map((key) => `${key} is ${shown(declared[key])}, known is ${shown(known[key])}`)
      .join('; ') || undefined
  );
}

/** All of them, so that none writes on when the first fails. */
async function settled(downloads: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(downloads)).find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function resolve(model: string): { repository: string; pinned?: string } {
  if (isVariantId(model)) {
    const { hub, notBuilt } = VARIANTS[model];
    if (notBuilt !== undefined) throw new ModelError('structure_unsupported', `${model}: ${notBuilt}`);
    if (hub) return { repository: hub.repository, pinned: hub.revision };
    const message = `${model} is not published on the hub; those that are: ${published()}`;
    throw new ModelError('unknown_variant', message);
  }
  if (/^[\w.-]+\/[\w.-]+$/.test(model)) return { repository: model };
  throw new ModelError(
    'unknown_variant',
    `"${model}" is neither a variant (${published()}) nor a hub id owner/name`,
  );
}

function published(): string {
  return VARIANT_IDS.filter((id) => VARIANTS[id].hub && VARIANTS[id].notBuilt === undefined).join(', ');
}

/** What describes the model, and the weights that are wanted most. */
function choose(
  repository: string,
  files: readonly RemoteFile[],
): { described: RemoteFile[]; weights: RemoteFile | undefined } {
  const named = (name: string): RemoteFile | undefined => files.find((file) => file.path === name);
  const missing = NEEDED.filter((name) => !named(name));
  const weights = WEIGHT_FILES.map(named).find((file) => file !== undefined);
  if (missing.length > 0 && !weights) missing.push(wantedWeights([]));
  if (missing.length > 0)
    throw new ModelError('hub_not_found', `${repository} has no ${missing.join(', no ')}`);
  return {
    described: [...NEEDED, SETTINGS].flatMap((name) => named(name) ?? []),
    weights,
  };
}
