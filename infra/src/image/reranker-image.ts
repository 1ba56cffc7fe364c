import { existsSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct, IDependable } from 'constructs';
import { CodeBuildImage } from './codebuild-image.js';
import { ConfigurationError } from '../common/configuration-error.js';
import type { CpuArchitecture } from '../sizing/instance-types.js';
import { packageRoot } from '@sagemaker-reranker/models';

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
   * Docker build context, with a Dockerfile at its root.
   * @default what this package carries for the purpose
   */
  readonly directory?: string;
  /**
   * What the image is run for.
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

const DOCKERFILE = 'Dockerfile';
/**
 * SageMaker takes no OCI manifest, which BuildKit with the containerd store, Finch and Podman would write: this asks for
 * Docker's own.
 */
const DOCKER_OUTPUT = 'type=docker';

const ASSET_NAMES: Readonly<Record<ImagePurpose, string>> = {
  serving: 'sagemaker-reranker',
  training: 'sagemaker-reranker-training',
};

abstract class SourceImage extends RerankerImage {
  override readonly purpose: ImagePurpose;
  protected readonly directory: string;

  constructor({ purpose = 'serving', directory = shippedContext(purpose) }: ImageSourceOptions) {
    super();
    this.purpose = purpose;
    this.directory = directory;
    if (existsSync(path.join(directory, DOCKERFILE))) return;
    throw new ConfigurationError('image', [`no ${DOCKERFILE} at ${path.join(directory, DOCKERFILE)}`]);
  }
}

/** The files that an image of this project is built from, the same in a clone and in an installed package. */
function shippedContext(purpose: ImagePurpose): string {
  return path.join(packageRoot(__dirname), 'image', purpose);
}

class AssetImage extends SourceImage {
  override bind(scope: Construct, id: string, architecture: CpuArchitecture): BoundImage {
    const asset = new DockerImageAsset(scope, id, {
      directory: this.directory,
      platform: architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      assetName: ASSET_NAMES[this.purpose],
      outputs: [DOCKER_OUTPUT],
    });
    return { uri: asset.imageUri, repository: asset.repository };
  }
}

class BuiltImage extends SourceImage {
  override bind(scope: Construct, _id: string, architecture: CpuArchitecture): BoundImage {
    // Built once a stack, however many endpoints and batches run it.
    const stack = Stack.of(scope);
    const shared = `${this.purpose === 'serving' ? 'Image' : 'TrainingImage'}-${architecture}`;
    const existing = stack.node.tryFindChild(shared) as CodeBuildImage | undefined;
    const { uri, repository, built } =
      existing ?? new CodeBuildImage(stack, shared, { directory: this.directory, architecture });
    return { uri, repository, dependency: built };
  }
}

class RepositoryImage extends RerankerImage {
  override readonly purpose = undefined;
  readonly #repository: IRepository;
  readonly #tagOrDigest: string;

  constructor(repository: IRepository, tagOrDigest: string) {
    super();
    this.#repository = repository;
    this.#tagOrDigest = tagOrDigest;
  }

  override bind(): BoundImage {
    return {
      uri: this.#repository.repositoryUriForTagOrDigest(this.#tagOrDigest),
      repository: this.#repository,
    };
  }
}
