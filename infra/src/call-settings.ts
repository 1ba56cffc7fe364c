import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { VariantId } from '@sagemaker-reranker/models';
import { ConfigurationError } from './configuration-error.js';
import type { HostingMode } from './hosting.js';
import { SERVERLESS_PAYLOAD_BYTES } from './hosting-plan.js';

/** What an endpoint serves, as far as callers must know. */
export interface ServedModels {
  readonly mode: HostingMode;
  readonly endpointName: string;
  readonly variants: readonly VariantId[];
  readonly exchangeBucket?: IBucket;
}

/** Name of a variant's inference component; at most 63 characters, as the endpoint's own. */
export function componentName(endpointName: string, variant: VariantId): string {
  return `${endpointName.slice(0, 54)}-${variant}`;
}

/**
 * Environment that tells the Lambda handler of client/lambda/ how to call one of the models.
 * @throws ConfigurationError when the endpoint does not serve it.
 */
export function callSettings(subject: string, served: ServedModels, variant: string): Record<string, string> {
  const { mode, endpointName, variants, exchangeBucket } = served;
  const found = variants.find((name) => name === variant);
  if (found === undefined) {
    throw new ConfigurationError(subject, [
      `variant is "${variant}"; this endpoint serves ${variants.join(', ')}`,
    ]);
  }
  switch (mode) {
    case 'multi-model':
      return { RERANKER_TARGET_MODEL: `${found}.tar.gz` };
    case 'inference-components':
      return { RERANKER_INFERENCE_COMPONENT: componentName(endpointName, found) };
    case 'asynchronous':
      return { RERANKER_INPUT_LOCATION: exchangeBucket!.s3UrlForObject('input') };
    case 'serverless':
      return { RERANKER_PAYLOAD_LIMIT_BYTES: String(SERVERLESS_PAYLOAD_BYTES) };
    default:
      return {};
  }
}
