import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { privateBucket } from './buckets.js';
import type { RoleGrant } from './execution-role.js';
import type { AsynchronousHosting } from './hosting.js';
import type { DataCapture } from './hosting-settings.js';

/** Recording of traffic: its settings, and what the role needs to write it. */
export interface BoundCapture {
  readonly config: CfnEndpointConfig.DataCaptureConfigProperty;
  readonly grants: readonly RoleGrant[];
  readonly bucket: IBucket;
}

export function bindDataCapture(scope: Construct, endpointName: string, capture: DataCapture): BoundCapture {
  const key = capture.encryptionKey;
  const bucket =
    capture.bucket ??
    privateBucket(scope, 'CaptureBucket', {
      encryptionKey: key,
      expireAfterDays: 30,
      holds: 'recorded requests and answers',
    });
  const prefix = `data-capture/${endpointName}`;
  const modes = { input: ['Input'], output: ['Output'], both: ['Input', 'Output'] }[
    capture.capture ?? 'both'
  ];
  return {
    bucket,
    config: {
      enableCapture: true,
      initialSamplingPercentage: capture.samplingPercentage,
      destinationS3Uri: bucket.s3UrlForObject(prefix),
      captureOptions: modes.map((captureMode) => ({ captureMode })),
      captureContentTypeHeader: { jsonContentTypes: ['application/json'] },
      kmsKeyId: key?.keyArn,
    },
    grants: [
      {
        sid: 'WriteCapture',
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects(`${prefix}/*`)],
        open: 'SageMaker names the objects by time',
      },
      ...keyGrants('EncryptCapture', key, ['kms:GenerateDataKey', 'kms:Decrypt']),
    ],
  };
}

/** The exchange of an asynchronous endpoint: requests and answers as objects. */
export interface BoundExchange {
  readonly config: CfnEndpointConfig.AsyncInferenceConfigProperty;
  readonly grants: readonly RoleGrant[];
  /** What callers need besides the invocation. */
  readonly callerGrants: readonly RoleGrant[];
  readonly bucket: IBucket;
}

export function bindExchange(scope: Construct, hosting: AsynchronousHosting): BoundExchange {
  const key = hosting.encryptionKey;
  const bucket =
    hosting.bucket ??
    privateBucket(scope, 'ExchangeBucket', {
      encryptionKey: key,
      expireAfterDays: 7,
      holds: 'requests and answers of asynchronous inference',
    });
  const objects = (prefix: string) => bucket.arnForObjects(`${prefix}/*`);
  const topics = [hosting.successTopic, hosting.errorTopic].flatMap((topic) =>
    topic ? [topic.topicArn] : [],
  );
  const open = 'callers and SageMaker name the objects';
  return {
    bucket,
    config: {
      clientConfig: {
        maxConcurrentInvocationsPerInstance: hosting.maxConcurrentInvocationsPerInstance ?? 4,
      },
      outputConfig: {
        s3OutputPath: bucket.s3UrlForObject('output'),
        s3FailurePath: bucket.s3UrlForObject('failure'),
        kmsKeyId: key?.keyArn,
        notificationConfig:
          topics.length === 0
            ? undefined
            : { successTopic: hosting.successTopic?.topicArn, errorTopic: hosting.errorTopic?.topicArn },
      },
    },
    grants: [
      { sid: 'ReadRequests', actions: ['s3:GetObject'], resources: [objects('input')], open },
      {
        sid: 'WriteAnswers',
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
        resources: [objects('output'), objects('failure')],
        open,
      },
      ...keyGrants('EncryptAnswers', key, ['kms:GenerateDataKey', 'kms:Decrypt']),
      ...(topics.length === 0 ? [] : [{ sid: 'Notify', actions: ['sns:Publish'], resources: topics }]),
    ],
    callerGrants: [
      { sid: 'PutRequests', actions: ['s3:PutObject'], resources: [objects('input')], open },
      {
        sid: 'GetAnswers',
        actions: ['s3:GetObject'],
        resources: [objects('output'), objects('failure')],
        open,
      },
      // Without it a missing answer is "access denied" instead of "not there yet".
      {
        sid: 'LookForAnswers',
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': ['output/*', 'failure/*'] } },
      },
      ...keyGrants('UseExchangeKey', key, ['kms:GenerateDataKey', 'kms:Decrypt']),
    ],
  };
}

/** Permissions that follow from a key for the volume of the instances: SageMaker hands it on to the volume by a grant. */
export function volumeKeyGrants(key: IKey | undefined): RoleGrant[] {
  return keyGrants('LendVolumeKey', key, ['kms:CreateGrant'], {
    Bool: { 'kms:GrantIsForAWSResource': 'true' },
  }).concat(
    keyGrants('UseVolumeKey', key, ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext']),
  );
}

function keyGrants(
  sid: string,
  key: IKey | undefined,
  actions: readonly string[],
  conditions?: RoleGrant['conditions'],
): RoleGrant[] {
  return key ? [{ sid, actions, resources: [key.keyArn], conditions }] : [];
}
