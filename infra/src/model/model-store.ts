import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Size, Stack, Stage } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { BucketDeployment, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { type ModelDirectory, packModel } from '@sagemaker-reranker/models';
import { acknowledgeProviders } from '../common/acknowledge.js';
import { privateBucket } from '../common/private-bucket.js';
import { modelUploads } from './model-uploads.js';

/** Archives of several models below one prefix, as a multi-model endpoint reads them. */
export class ModelStore extends Construct {
  readonly bucket: IBucket;
  /** Ends in a slash; follows the content, so that a new generation never overwrites the one being served. */
  readonly prefix: string;
  /** What must have happened before the archives are there. */
  readonly deployment: BucketDeployment;

  /** @param archives Model directories by name; each becomes `NAME.tar.gz`, which callers pass as `TargetModel`. */
  constructor(
    scope: Construct,
    id: string,
    archives: ReadonlyMap<string, ModelDirectory>,
    encryptionKey?: IKey,
  ) {
    super(scope, id);
    const content = [...archives].map(([name, { digest }]) => `${name} ${digest}`).join('\n');
    const digest = createHash('sha256').update(content).digest('hex');
    this.prefix = `models/${digest.slice(0, 16)}/`;
    this.bucket = privateBucket(this, 'Bucket', { holds: 'models', disposable: true, encryptionKey });
    const asset = new Asset(this, 'Archives', { path: this.#stage(archives, digest), assetHash: digest });
    const { role, log } = modelUploads(Stack.of(this));
    this.deployment = new BucketDeployment(this, 'Upload', {
      sources: [Source.bucket(asset.bucket, asset.s3ObjectKey)],
      destinationBucket: this.bucket,
      destinationKeyPrefix: this.prefix,
      prune: false,
      retainOnDelete: true,
      role: role.withoutPolicyUpdates(),
      logGroup: log,
      // The archives are unpacked from one upload, then copied: room for both.
      memoryLimit: 1024,
      ephemeralStorageSize: Size.gibibytes(4),
    });
    this.#allowUpload(asset, role);
    this.deployment.node.addDependency(role);
    acknowledgeProviders(Stack.of(this), 'Custom::');
  }

  /** What `aws s3 cp` of the upload and `aws s3 sync` to the prefix ask for; the CDK would open the whole bootstrap bucket. */
  #allowUpload(asset: Asset, role: Role): void {
    const allow = (actions: string[], resource: string, prefix?: string) =>
      role.addToPrincipalPolicy(
        new PolicyStatement({
          actions,
          resources: [resource],
          ...(prefix && { conditions: { StringLike: { 's3:prefix': prefix } } }),
        }),
      );
    allow(['s3:GetObject'], asset.bucket.arnForObjects(asset.s3ObjectKey));
    allow(['s3:PutObject', 's3:AbortMultipartUpload'], this.bucket.arnForObjects(`${this.prefix}*`));
    allow(['s3:ListBucket'], this.bucket.bucketArn, `${this.prefix}*`);
    for (const { bucket, actions } of [
      { bucket: asset.bucket, actions: ['kms:Decrypt'] },
      { bucket: this.bucket, actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
    ]) {
      if (bucket.encryptionKey) allow(actions, bucket.encryptionKey.keyArn);
    }
  }

  #stage(archives: ReadonlyMap<string, ModelDirectory>, digest: string): string {
    const outdir = Stage.of(this)?.assetOutdir;
    if (!outdir) throw new Error('a model store must be defined within an App or a Stage');
    const directory = path.join(outdir, `models.${digest}`);
    if (existsSync(directory)) return directory;
    const part = `${directory}.part`;
    // What an interrupted synthesis left is not trusted.
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true });
    for (const [name, model] of archives) packModel(model, path.join(part, `${name}.tar.gz`));
    renameSync(part, directory);
    return directory;
  }
}
