import { rm } from 'node:fs/promises';
import path from 'node:path';
import { WEIGHT_FILES, buildModel, checkWeightBits } from '../build.js';
import { emptyTarget } from '../write-whole.js';
import type { WeightBits } from '../encoder/products.js';
import { ModelError } from '../errors.js';
import { describeFile } from '../manifest.js';
import type { ModelManifest } from '../manifest.js';
import { VARIANTS, VARIANT_IDS, isVariantId } from '../registry.js';
import { download } from './download.js';
import type { DownloadOptions } from './download.js';
import { Hub } from './hub.js';
import type { HubOptions, RemoteFile } from './hub.js';

export interface FetchOptions extends HubOptions {
  /** A registry variant, or a hub id `owner/name`. */
  readonly model: string;
  /** Commit, tag or branch. Default: the commit the registry pins; `main` for other repositories. */
  readonly revision?: string;
  /** Directory to write; must not exist or be empty. */
  readonly out: string;
  /** Default: fp32. */
  readonly precision?: 'fp32' | 'int8';
  readonly embeddings?: 'fp32' | 'int8';
  /** int8 only: 7 for processors without VNNI. Default: 8. */
  readonly weightBits?: WeightBits;
  /** A directory that has the files already: no network is used. */
  readonly from?: string;
  /** Called as bytes of a file arrive. */
  readonly onProgress?: (file: RemoteFile, bytes: number) => void;
  readonly retry?: Pick<DownloadOptions, 'tries' | 'pauseMs'>;
}

const NEEDED = ['config.json', 'tokenizer.json'];

/**
 * Fetches a model from the hub and builds its directory. Files arrive in `OUT.download-COMMIT`, which an interrupted call
 * leaves behind and the next one continues; it is removed when the model is built.
 * @throws ModelError `unknown_variant`, `output_exists`, `hub_*`, `download_incomplete`, `digest_mismatch`, and as `buildModel`.
 */
export async function fetchModel(options: FetchOptions): Promise<ModelManifest> {
  const { model, out, precision = 'fp32', embeddings, weightBits } = options;
  checkWeightBits(precision, weightBits);
  await emptyTarget(out);
  const { repository, pinned } = resolve(model);
  const build = { out, precision, embeddings, weightBits, name: repository.split('/').at(-1) };
  if (options.from !== undefined) {
    return buildModel({ ...build, directory: options.from, source: { kind: 'directory', repository } });
  }
  const hub = await Hub.open(options);
  const commit = await hub.commit(repository, options.revision ?? pinned ?? 'main');
  const files = choose(repository, await hub.files(repository, commit, [...NEEDED, ...WEIGHT_FILES]));
  const directory = `${path.resolve(out)}.download-${commit.slice(0, 12)}`;
  const results = await Promise.allSettled(
    files.map((file) =>
      download(file, path.join(directory, file.path), {
        ...options.retry,
        headers: hub.headers,
        onProgress: (bytes) => options.onProgress?.(file, bytes),
      }),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  const described = files.map((file) => describeFile(directory, file.path));
  const manifest = await buildModel({
    ...build,
    directory,
    source: { kind: 'hub', repository, revision: commit, files: described },
  });
  await rm(directory, { recursive: true, force: true });
  return manifest;
}

function resolve(model: string): { repository: string; pinned?: string } {
  if (isVariantId(model)) {
    const { hub } = VARIANTS[model];
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
  return VARIANT_IDS.filter((id) => VARIANTS[id].hub).join(', ');
}

/** Configuration, tokenizer, and the weights that are wanted most. */
function choose(repository: string, files: readonly RemoteFile[]): RemoteFile[] {
  const named = (name: string): RemoteFile | undefined => files.find((file) => file.path === name);
  const weights = WEIGHT_FILES.map(named).find((file) => file !== undefined);
  const missing = NEEDED.filter((name) => !named(name));
  if (!weights) missing.push(WEIGHT_FILES.join(' or '));
  if (missing.length > 0)
    throw new ModelError('hub_not_found', `${repository} has no ${missing.join(', no ')}`);
  return [...NEEDED.map((name) => named(name)!), weights!];
}
