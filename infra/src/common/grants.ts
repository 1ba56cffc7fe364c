import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** One permission of a role. */
export interface RoleGrant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Record<string, unknown>>>;
  /** Why any of the resources ends in a wildcard; required by the tests where one does. */
  readonly open?: string;
}

/** What is done with the objects of a bucket, by the keys or prefixes (with `*`) they lie below. */
interface BucketUse {
  /** Start of the statements' ids. */
  readonly sid: string;
  readonly bucket: IBucket;
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  /** Prefixes to list; without the permission a missing object is "access denied" instead of "not there". */
  readonly list?: readonly string[];
  /** Key that objects are written with, where it is not the bucket's own. */
  readonly key?: IKey;
  /** Why the objects cannot be named one by one. */
  readonly open?: string;
}

/** Permissions on a bucket's objects, and on the keys that encrypt them: the bucket's own default key and the writer's. */
export function bucketGrants({
  sid,
  bucket,
  read = [],
  write = [],
  list = [],
  key,
  open,
}: BucketUse): RoleGrant[] {
  const grants: RoleGrant[] = [];
  const arns = (paths: readonly string[]) => paths.map((each) => bucket.arnForObjects(each));
  if (read.length > 0) {
    grants.push({ sid: `${sid}Read`, actions: ['s3:GetObject'], resources: arns(read), open });
  }
  if (write.length > 0) {
    grants.push({
      sid: `${sid}Write`,
      actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
      resources: arns(write),
      open,
    });
  }
  if (list.length > 0) {
    grants.push({
      sid: `${sid}List`,
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': [...list] } },
    });
  }
  const keys = [...new Set([bucket.encryptionKey?.keyArn, key?.keyArn])].filter((arn) => arn !== undefined);
  if (keys.length > 0) {
    const actions = write.length > 0 ? ['kms:Decrypt', 'kms:GenerateDataKey'] : ['kms:Decrypt'];
    grants.push({ sid: `${sid}Key`, actions, resources: keys });
  }
  return grants;
}

/** Permissions that follow from a key for the volume of the instances: SageMaker hands it on to the volume by a grant. */
export function volumeKeyGrants(key: IKey | undefined): RoleGrant[] {
  if (!key) return [];
  return [
    {
      sid: 'LendVolumeKey',
      actions: ['kms:CreateGrant'],
      resources: [key.keyArn],
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
    {
      sid: 'UseVolumeKey',
      actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext'],
      resources: [key.keyArn],
    },
  ];
}
