import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.js';

interface PrivateBucketProps {
  /** Key for the objects; S3's own when absent. */
  readonly encryptionKey?: IKey;
  /** Objects are deleted after this many days; kept when absent. */
  readonly expireAfterDays?: number;
  /** Whether everything in it can be made again, so that it is deleted with the stack. */
  readonly disposable?: boolean;
  /** What the bucket holds, for the acknowledgement of its missing access log. */
  readonly holds: string;
}

/** A bucket that takes TLS only, shows nothing to the public, and goes with its stack once it is empty. */
export function privateBucket(scope: Construct, id: string, props: PrivateBucketProps): Bucket {
  const bucket = new Bucket(scope, id, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    encryption: props.encryptionKey ? BucketEncryption.KMS : BucketEncryption.S3_MANAGED,
    encryptionKey: props.encryptionKey,
    bucketKeyEnabled: props.encryptionKey ? true : undefined,
    lifecycleRules: [
      {
        abortIncompleteMultipartUploadAfter: Duration.days(1),
        expiration: props.expireAfterDays === undefined ? undefined : Duration.days(props.expireAfterDays),
      },
    ],
    // Without the next line a filled bucket stops the deletion: what callers put there is not deleted unasked.
    removalPolicy: RemovalPolicy.DESTROY,
    autoDeleteObjects: props.disposable,
  });
  acknowledge(
    bucket,
    'AwsSolutions-S1',
    `${props.holds}; who reads them is recorded by CloudTrail data events, which are chosen per account`,
  );
  return bucket;
}
