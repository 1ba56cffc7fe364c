import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { bucketGrants, type RoleGrant } from '../common/grants.js';
import { ModelStore } from './model-store.js';
import type { RerankerModel } from './reranker-model.js';

/** Model data of a container: where it lies, who may read it, and how the container is told. */
export interface ModelData {
  readonly url: string;
  readonly grants: readonly RoleGrant[];
  readonly container: Pick<
    CfnModel.ContainerDefinitionProperty,
    'mode' | 'modelDataUrl' | 'modelDataSource' | 'multiModelConfig'
  >;
  /** What must exist before a model that reads it. */
  readonly dependency?: Construct;
}

/**
 * One model: an archive, or a directory as it is.
 * @param sid Start of the ids of the role's statements; letters and digits.
 */
export function singleModelData(scope: Construct, id: string, model: RerankerModel, sid = id): ModelData {
  const { bucket, key, url } = model.bind(scope, id);
  if (model.compressed) {
    return { url, container: { modelDataUrl: url }, grants: bucketGrants({ sid, bucket, read: [key] }) };
  }
  return {
    url,
    container: {
      modelDataSource: { s3DataSource: { s3Uri: url, s3DataType: 'S3Prefix', compressionType: 'None' } },
    },
    grants: bucketGrants({
      sid,
      bucket,
      read: [`${key}*`],
      list: [`${key}*`],
      open: 'the files of a model directory lie below one prefix',
    }),
  };
}

/** All archives below a prefix, which SageMaker lists and reads as callers name them. */
export function multiModelData(
  scope: Construct,
  id: string,
  models: readonly RerankerModel[],
  encryptionKey: IKey | undefined,
): ModelData {
  const archives = new Map(models.map((model) => [model.name, model.directory!]));
  const { bucket, prefix, deployment } = new ModelStore(scope, id, archives, encryptionKey);
  const url = bucket.s3UrlForObject(prefix);
  return {
    url,
    container: { mode: 'MultiModel', modelDataUrl: url, multiModelConfig: { modelCacheSetting: 'Enabled' } },
    dependency: deployment,
    grants: bucketGrants({
      sid: 'Models',
      bucket,
      read: [`${prefix}*`],
      list: [`${prefix}*`],
      open: 'every model of this generation, which callers choose from',
    }),
  };
}
