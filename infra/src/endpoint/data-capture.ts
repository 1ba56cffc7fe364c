import type { CfnEndpointConfig } from 'aws-cdk-lib/aws-sagemaker';
import type { Construct } from 'constructs';
import { bucketGrants, type RoleGrant } from '../common/grants.js';
import { privateBucket } from '../common/private-bucket.js';
import type { DataCapture } from '../hosting/settings.js';

/** Recording of traffic: its settings, and what the role needs to write it. */
interface BoundCapture {
  readonly config: CfnEndpointConfig.DataCaptureConfigProperty;
  readonly grants: readonly RoleGrant[];
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
    config: {
      enableCapture: true,
      initialSamplingPercentage: capture.samplingPercentage,
      destinationS3Uri: bucket.s3UrlForObject(prefix),
      captureOptions: modes.map((captureMode) => ({ captureMode })),
      captureContentTypeHeader: { jsonContentTypes: ['application/json'] },
      kmsKeyId: key?.keyArn,
    },
    grants: bucketGrants({
      sid: 'Capture',
      bucket,
      write: [`${prefix}/*`],
      key,
      open: 'SageMaker names the objects by time',
    }),
  };
}
