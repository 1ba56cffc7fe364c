import { existsSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import type { IRepository } from 'aws-cdk-lib/aws-ecr';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { Construct, IDependable } from 'constructs';
import { CodeBuildImage } from './codebuild-image';
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

/** The container image of an endpoint. */
export abstract class RerankerImage {
  /**
   * Builds `container/Dockerfile` where the deployment runs, for the platform of the instance type, with the program that
   * `CDK_DOCKER` names (Docker by default; Finch and Podman work).
   * @param options.directory Docker build context. Default: this package.
   */
  static fromAsset(options: { readonly directory?: string } = {}): RerankerImage {
    return new AssetImage(options.directory ?? packageRoot());
  }

  /**
   * Builds `container/Dockerfile` in the account with CodeBuild, on a machine of the instance type's architecture: needs no
   * Docker here.
   * @param options.directory Docker build context, with a .dockerignore. Default: this package.
   */
  static fromCodeBuild(options: { readonly directory?: string } = {}): RerankerImage {
    return new BuiltImage(options.directory ?? packageRoot());
  }

  /** An image already pushed; its platform must match the instance type's. */
  static fromRepository(repository: IRepository, tagOrDigest: string): RerankerImage {
    return new RepositoryImage(repository, tagOrDigest);
  }

  /** Defines what the deployment must build for this architecture, once, below `scope`. */
  abstract bind(scope: Construct, id: string, architecture: CpuArchitecture): BoundImage;
}

const DOCKERFILE = 'container/Dockerfile';

/**
 * What the build context leaves out besides .dockerignore. The Dockerfile is put back: the CDK does so only for one in the
 * context's root.
 */
const EXCLUDE = ['.git', 'node_modules', 'cdk.out', '!container/Dockerfile'];

function requireFiles(directory: string, names: readonly string[]): void {
  const missing = names.filter((name) => !existsSync(path.join(directory, name)));
  if (missing.length === 0) return;
  throw new ConfigurationError(
    'image',
    missing.map((name) => `no ${path.basename(name)} at ${path.join(directory, name)}`),
  );
}

class AssetImage extends RerankerImage {
  constructor(private readonly directory: string) {
    super();
    requireFiles(directory, [DOCKERFILE]);
  }

  override bind(scope: Construct, id: string, architecture: CpuArchitecture): BoundImage {
    const asset = new DockerImageAsset(scope, id, {
      directory: this.directory,
      file: DOCKERFILE,
      platform: architecture === 'arm64' ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
      exclude: EXCLUDE,
      assetName: 'sagemaker-reranker',
    });
    return { uri: asset.imageUri, repository: asset.repository };
  }
}

class BuiltImage extends RerankerImage {
  constructor(private readonly directory: string) {
    super();
    requireFiles(directory, [DOCKERFILE, '.dockerignore']);
  }

  override bind(scope: Construct, _id: string, architecture: CpuArchitecture): BoundImage {
    // Built once a stack, however many endpoints and batches run it.
    const stack = Stack.of(scope);
    const shared = `Image-${architecture}`;
    const existing = stack.node.tryFindChild(shared) as CodeBuildImage | undefined;
    const { uri, repository, built } =
      existing ??
      new CodeBuildImage(stack, shared, {
        directory: this.directory,
        dockerfile: DOCKERFILE,
        exclude: EXCLUDE,
        architecture,
      });
    return { uri, repository, dependency: built };
  }
}

class RepositoryImage extends RerankerImage {
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
