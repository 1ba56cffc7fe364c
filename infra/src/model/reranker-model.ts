import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Stage } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { ModelFigures } from '@sagemaker-reranker/models';
import {
  type ModelDirectory,
  type VariantId,
  embeddedModelDirectory,
  manifestFigures,
  packModel,
} from '@sagemaker-reranker/models';
import { ConfigurationError } from '../common/configuration-error.js';
import { readModelDirectory } from './model-archive.js';

/** Model data in S3. */
export interface BoundModel {
  readonly bucket: IBucket;
  /** Of an archive, or the prefix of a directory, which ends in a slash. */
  readonly key: string;
  /** `s3://bucket/key`. */
  readonly url: string;
}

/** Model data of an endpoint: a local directory, packed and uploaded by the deployment, or what lies in S3 already. */
export abstract class RerankerModel {
  /**
   * A model directory on this machine, as `reranker models` writes it.
   * @param options.variant Variant that it must hold. Sizing follows the model itself.
   * @throws ConfigurationError when the directory does not hold what its manifest lists, or another variant.
   */
  static fromDirectory(directory: string, options: { readonly variant?: VariantId } = {}): RerankerModel {
    return new DirectoryModel(readModelDirectory(path.resolve(directory)), options.variant);
  }

  /** The demonstration model that ships with this package. */
  static embedded(): RerankerModel {
    return RerankerModel.fromDirectory(embeddedModelDirectory(), { variant: 'embedded' });
  }

  /** A `model.tar.gz` already in S3. Its figures cannot be read from it at synthesis, so they are given. */
  static fromBucket(bucket: IBucket, key: string, figures: ModelFigures): RerankerModel {
    return new BucketModel(bucket, key, figures);
  }

  /**
   * A model directory already in S3, its files as they are below a prefix: nothing is unpacked at the start. Real-time,
   * asynchronous and inference-components hosting take it.
   */
  static fromPrefix(bucket: IBucket, prefix: string, figures: ModelFigures): RerankerModel {
    return new PrefixModel(bucket, prefix, figures);
  }

  /** What sizing needs to know. */
  abstract readonly figures: ModelFigures;
  /** Whether it lies on this machine. */
  abstract readonly local: boolean;
  /** The directory on this machine, if the model comes from one. */
  abstract readonly directory: ModelDirectory | undefined;
  /** Whether it is an archive: `model.tar.gz`. */
  abstract readonly compressed: boolean;
  /** Defines what the deployment must upload, once, below `scope`. */
  abstract bind(scope: Construct, id: string): BoundModel;

  /** By which callers choose it, where an endpoint serves several; of letters, digits and hyphens, as AWS's names are. */
  get name(): string {
    return resourceName(this.figures.name);
  }
}

/** A name that endpoints, components and files may have. */
export function resourceName(name: string): string {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return plain.slice(0, 40).replaceAll(/^-|-$/g, '') || 'model';
}

class DirectoryModel extends RerankerModel {
  override readonly figures: ModelFigures;
  override readonly local = true;
  override readonly compressed = true;

  constructor(
    override readonly directory: ModelDirectory,
    variant: VariantId | undefined,
  ) {
    super();
    this.figures = manifestFigures(directory.manifest);
    const { name, variant: held } = this.figures;
    if (variant === undefined || variant === held) return;
    throw new ConfigurationError('modelDirectory', [
      held === undefined
        ? `${directory.directory} holds ${name}, which is no variant; leave variant out: sizing follows the model`
        : `${directory.directory} holds ${held}; the variant asked for is ${variant}`,
    ]);
  }

  override bind(scope: Construct, id: string): BoundModel {
    const outdir = Stage.of(scope)?.assetOutdir;
    if (!outdir) throw new Error('model data must be defined within an App or a Stage');
    const { digest, directory } = this.directory;
    // Where staging would copy it to (the CDK hashes a given hash again): a large archive lies in cdk.out once, and an
    // unchanged model is not packed again.
    const staged = createHash('sha256').update(digest).digest('hex');
    const archive = path.join(outdir, `asset.${staged}.tar.gz`);
    if (!existsSync(archive)) packModel(this.directory, archive);
    const asset = new Asset(scope, id, {
      path: archive,
      displayName: `${this.figures.name} from ${path.basename(directory)}`,
      assetHash: digest,
    });
    return { bucket: asset.bucket, key: asset.s3ObjectKey, url: asset.s3ObjectUrl };
  }
}

class BucketModel extends RerankerModel {
  override readonly local = false;
  override readonly directory = undefined;
  override readonly compressed: boolean = true;
  readonly #bucket: IBucket;
  readonly #key: string;

  constructor(
    bucket: IBucket,
    key: string,
    override readonly figures: ModelFigures,
  ) {
    super();
    this.#bucket = bucket;
    this.#key = key;
    this.check(key);
  }

  protected check(key: string): void {
    if (key.endsWith('.tar.gz')) return;
    throw new ConfigurationError('model', [
      `key "${key}" must end in .tar.gz, as SageMaker asks of an archive; RerankerModel.fromPrefix takes a directory as it is`,
    ]);
  }

  override bind(): BoundModel {
    return { bucket: this.#bucket, key: this.#key, url: this.#bucket.s3UrlForObject(this.#key) };
  }
}

class PrefixModel extends BucketModel {
  override readonly compressed = false;

  protected override check(prefix: string): void {
    if (/^[^/].*\/$/.test(prefix)) return;
    throw new ConfigurationError('model', [
      `prefix "${prefix}" must end in a slash and begin with none, as "models/tiny/" does`,
    ]);
  }
}
