import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import type { ModelDirectory } from '@sagemaker-reranker/models';
import type { RoleGrant } from './execution-role.js';
import { ModelStore } from './model-store.js';
import type { RerankerModel } from './reranker-model.js';

/** Model data of a container: where it lies, who may read it, and how the container is told. */
export interface ModelData {
  readonly url: string;
  readonly grants: readonly RoleGrant[];
  readonly container: Pick<
    CfnModel.ContainerDefinitionProperty,
    'mode' | 'modelDataUrl' | 'multiModelConfig'
  >;
  /** What must exist before a model that reads it. */
  readonly dependency?: Construct;
}

/** One archive of one model. */
export function singleModelData(scope: Construct, id: string, model: RerankerModel): ModelData {
  const bound = model.bind(scope, id);
  return {
    url: bound.url,
    container: { modelDataUrl: bound.url },
    grants: [
      {
        sid: `Read${id}`,
        actions: ['s3:GetObject'],
        resources: [bound.bucket.arnForObjects(bound.key)],
      },
    ],
  };
}

/** All archives below a prefix, which SageMaker lists and reads as callers name them. */
export function multiModelData(
  scope: Construct,
  id: string,
  archives: ReadonlyMap<string, ModelDirectory>,
): ModelData {
  const store = new ModelStore(scope, id, archives);
  const url = store.bucket.s3UrlForObject(store.prefix);
  return {
    url,
    container: { mode: 'MultiModel', modelDataUrl: url, multiModelConfig: { modelCacheSetting: 'Enabled' } },
    dependency: store.deployment,
    grants: [
      {
        sid: 'ReadModels',
        actions: ['s3:GetObject'],
        resources: [store.bucket.arnForObjects(`${store.prefix}*`)],
        open: 'every model of this generation, which callers choose from',
      },
      {
        sid: 'ListModels',
        actions: ['s3:ListBucket'],
        resources: [store.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': `${store.prefix}*` } },
      },
    ],
  };
}
