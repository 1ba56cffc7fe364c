import { existsSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct, IDependable } from 'constructs';
import { CodeBuildImage, ignorePatterns } from './codebuild-image';
import { ConfigurationError } from './configuration-error';
import type { CpuArchitecture } from './instance-types';
import { packageRoot } from '../models/package-root';

/** An image in ECR. */
export interface BoundImage {
  readonly uri: string;
  readonly repository: IRepository;
  /** What must have happened before the image is there. */
  readonly dependency?: IDependable;
}

/** What an image is run for: endpoints and batches, or training jobs. Each has a Dockerfile of its own. */
export type ImagePurpose = 'serving' | 'training';

/** What an image is built from. */
export interface ImageSourceOptions {
  /**
   * Docker build context, as the Dockerfile of the purpose expects it.
   * @default this package
   */
  readonly directory?: string;
  /**
   * What the image is run for: `container/Dockerfile` is for serving, `cli/train/Dockerfile` for training.
   * @default serving
   */
  readonly purpose?: ImagePurpose;
}

/** The container image of an endpoint, or of a training job. */
export abstract class RerankerImage {
  /**
   * Builds the image where the deployment runs, for the platform of the instance type, with the program that `CDK_DOCKER`
   * names (Docker by default; Finch and Podman work).
   */
  static fromAsset(options: ImageSourceOptions = {}): RerankerImage {
    return new AssetImage(options);
  }

  /**
   * Builds the image in the account with CodeBuild, on a machine of the instance type's architecture: needs no Docker here.
   * The build context needs a .dockerignore.
   */
  static fromCodeBuild(options: ImageSourceOptions = {}): RerankerImage {
    return new BuiltImage(options);
  }

  /** An image already pushed; its platform must match the instance type's. */
  static fromRepository(repository: IRepository, tagOrDigest: string): RerankerImage {
    return new RepositoryImage(repository, tagOrDigest);
  }

  /** What it is built for; unknown of an image already pushed. */
  abstract readonly purpose: ImagePurpose | undefined;

  /** Defines what the deployment must build for this architecture, once, below `scope`. */
  abstract bind(scope: Construct, id: string, architecture: CpuArchitecture): BoundImage;
}

const DOCKERFILES: Readonly<Record<ImagePurpose, string>> = {
  serving: 'container/Dockerfile',
  training: 'cli/train/Dockerfile',
};

const ASSET_NAMES: Readonly<Record<ImagePurpose, string>> = {
  serving: 'sagemaker-reranker',
  training: 'sagemaker-reranker-training',
};

/**
 * What the build context leaves out besides .dockerignore: a Dockerfile's own ignore file, which the CDK does not know,
 * holds instead of it, and its patterns come later. The Dockerfile is put back: the CDK does so only for one in the
 * context's root.
 */
function excluded(directory: string, dockerfile: string): string[] {
  const own = `${dockerfile}.dockerignore`;
  const file = path.join(directory, own);
  const patterns = existsSync(file) ? [...ignorePatterns(file), `!${own}`] : [];
  return [...patterns, '.git', 'node_modules', 'cdk.out', `!${dockerfile}`];
}

function requireFiles(directory: string, names: readonly string[]): void {
  const missing = names.filter((name) => !existsSync(path.join(directory, name)));
  if (missing.length === 0) return;
  throw new ConfigurationError(
    'image',
    missing.map((name) => `no ${path.basename(name)} at ${path.join(directory, name)}`),
  );
}

abstract class SourceImage extends RerankerImage {
  override readonly purpose: ImagePurpose;
  protected readonly directory: string;
  protected readonly dockerfile: string;

  constructor({ directory = packageRoot(), purpose = 'serving' }: ImageSourceOptions, ...needed: string[]) {
    super();
    this.purpose = purpose;
    this.directory = directory;
    this.dockerfile = DOCKERFILES[purpose];
    requireFiles(directory, [this.dockerfile, ...needed]);
  }
}

class AssetImage extends SourceImage {
  override bind(scope: Construct, id: string, architecture: CpuArchitecture): BoundImage {
    const asset = new DockerImageAsset(scope, id, {
      directory: this.directory,
      file: this.dockerfile,
      platform: architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      exclude: excluded(this.directory, this.dockerfile),
      assetName: ASSET_NAMES[this.purpose],
    });
    return { uri: asset.imageUri, repository: asset.repository };
  }
}

class BuiltImage extends SourceImage {
  constructor(options: ImageSourceOptions) {
    super(options, '.dockerignore');
  }

  override bind(scope: Construct, _id: string, architecture: CpuArchitecture): BoundImage {
    // Built once a stack, however many endpoints and batches run it.
    const stack = Stack.of(scope);
    const shared = `${this.purpose === 'serving' ? 'Image' : 'TrainingImage'}-${architecture}`;
    const existing = stack.node.tryFindChild(shared) as CodeBuildImage | undefined;
    const { uri, repository, built } =
      existing ??
      new CodeBuildImage(stack, shared, {
        directory: this.directory,
        dockerfile: this.dockerfile,
        exclude: excluded(this.directory, this.dockerfile),
        architecture,
      });
    return { uri, repository, dependency: built };
  }
}

class RepositoryImage extends RerankerImage {
  override readonly purpose = undefined;

  constructor(
    private readonly repository: IRepository,
    private readonly tagOrDigest: string,
  ) {
    super();
  }

  override bind(): BoundImage {
    return {
      uri: this.repository.repositoryUriForTagOrDigest(this.tagOrDigest),
      repository: this.repository,
    };
  }
}
