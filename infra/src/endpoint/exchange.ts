import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { bucketGrants, type RoleGrant } from '../common/grants.js';
import { privateBucket } from '../common/private-bucket.js';
import type { AsynchronousExchange } from '../hosting/settings.js';

const INPUT = 'input';
const OUTPUT = 'output';
const FAILURE = 'failure';
const open = 'callers and SageMaker name the objects';

/** The exchange of an asynchronous endpoint: requests and answers as objects. */
interface BoundExchange {
  readonly config: CfnEndpointConfig.AsyncInferenceConfigProperty;
  readonly grants: readonly RoleGrant[];
  readonly bucket: IBucket;
}

export function bindExchange(scope: Construct, exchange: AsynchronousExchange): BoundExchange {
  const { encryptionKey: key, successTopic, errorTopic } = exchange;
  const bucket =
    exchange.bucket ??
    privateBucket(scope, 'ExchangeBucket', {
      encryptionKey: key,
      expireAfterDays: 7,
      holds: 'requests and answers of asynchronous inference',
    });
  const topics = [successTopic, errorTopic].flatMap((topic) => (topic ? [topic] : []));
  const keys = topics.flatMap(({ masterKey }) => (masterKey ? [masterKey.keyArn] : []));
  return {
    bucket,
    config: {
      clientConfig: {
        maxConcurrentInvocationsPerInstance: exchange.maxConcurrentInvocationsPerInstance ?? 4,
      },
      outputConfig: {
        s3OutputPath: bucket.s3UrlForObject(OUTPUT),
        s3FailurePath: bucket.s3UrlForObject(FAILURE),
        kmsKeyId: key?.keyArn,
        notificationConfig:
          topics.length === 0
            ? undefined
            : { successTopic: successTopic?.topicArn, errorTopic: errorTopic?.topicArn },
      },
    },
    grants: [
      ...bucketGrants({
        sid: 'Exchange',
        bucket,
        read: [`${INPUT}/*`],
        write: [`${OUTPUT}/*`, `${FAILURE}/*`],
        key,
        open,
      }),
      ...(topics.length === 0
        ? []
        : [{ sid: 'Notify', actions: ['sns:Publish'], resources: topics.map(({ topicArn }) => topicArn) }]),
      ...(keys.length === 0
        ? []
        : [{ sid: 'NotifyKey', actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: keys }]),
    ],
  };
}

/** Where requests are put. */
export function inputLocation(bucket: IBucket): string {
  return bucket.s3UrlForObject(INPUT);
}

/** Lets a caller put requests and get answers, and invoke the endpoint for them. */
export function grantExchange(
  grantee: IGrantable,
  endpointArn: string,
  bucket: IBucket,
  key: IKey | undefined,
): Grant {
  const grants = bucketGrants({
    sid: 'Exchange',
    bucket,
    read: [`${OUTPUT}/*`, `${FAILURE}/*`],
    write: [`${INPUT}/*`],
    // Without it a missing answer is "access denied" instead of "not there yet".
    list: [`${OUTPUT}/*`, `${FAILURE}/*`],
    key,
  }).map(({ actions, resources, conditions }) =>
    Grant.addToPrincipal({
      grantee,
      actions: [...actions],
      resourceArns: [...resources],
      conditions: conditions && { ...conditions },
    }),
  );
  const invoke = Grant.addToPrincipal({
    grantee,
    actions: ['sagemaker:InvokeEndpointAsync'],
    resourceArns: [endpointArn],
  });
  return grants.reduce((all, grant) => all.combine(grant), invoke);
}
