import type { Template } from 'aws-cdk-lib/assertions';

/** A template without digests of files, so that a change of what an image or a bundle holds changes no snapshot. */
export function withoutDigests(template: Template): unknown {
  return JSON.parse(
    JSON.stringify(template.toJSON())
      .replace(/[0-9a-f]{64}/g, 'DIGEST')
      .replace(/\/sagemaker-reranker\/[0-9a-f]{16}\//g, '/sagemaker-reranker/GENERATION/')
      .replace(/models\/[0-9a-f]{16}\//g, 'models/GENERATION/'),
  ) as unknown;
}
