import type { Aws } from './aws.js';

/** The manifest that SageMaker takes; it refuses OCI's. */
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * Media type of an image's manifest in the account's ECR; undefined where the image is not there.
 * @param image `REPOSITORY:TAG` or `REPOSITORY@DIGEST`.
 */
export async function manifestType(aws: Aws, image: string): Promise<string | undefined> {
  const [, repositoryName, tag, digest] = /^([^:@]+)(?::([^@]+)|@(.+))$/.exec(image) ?? [];
  if (repositoryName === undefined) throw new Error(`${image} names no image of ECR`);
  const found = await aws.find<{ images: { imageManifestMediaType: string }[] }>('ecr', 'batch-get-image', {
    repositoryName,
    imageIds: tag === undefined ? `imageDigest=${digest}` : `imageTag=${tag}`,
  });
  return found?.images[0]?.imageManifestMediaType;
}
