import type { IncomingHttpHeaders } from 'node:http';
import { constraintError, contentTooLong, validationError } from './aws-error.js';
import { checkLength, header, readInvocation, type Invocation } from './invocation.js';

// An inline body has at most this many bytes.
const INLINE_LIMIT_BYTES = 128_000;
const INPUT_LOCATION = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/.+)$/;

/** An asynchronous invocation that passed its checks. */
export interface AsyncInvocation extends Pick<Invocation, 'endpointName' | 'headers'> {
  /** `bucket/key` of the request; absent where the body holds it. */
  readonly input?: string;
  readonly inferenceId?: string;
  readonly outputPathExtension?: string;
  readonly filename?: string;
  readonly requestTtlMs: number;
  readonly invocationTimeoutMs: number;
}

/**
 * Checks an asynchronous invocation against the constraints of the API's model.
 * @throws AwsError ValidationError, or status 413
 */
export function readAsyncInvocation(
  encodedName: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
): AsyncInvocation {
  const { endpointName, headers: forwarded } = readInvocation(encodedName, headers);
  const location = header(headers, 'x-amzn-sagemaker-inputlocation');
  if ((location !== undefined) === body.length > 0) {
    throw validationError('Exactly one of InputLocation and Body must be given');
  }
  const input = location === undefined ? undefined : INPUT_LOCATION.exec(location)?.[1];
  if (location !== undefined && input === undefined) {
    throw constraintError('inputLocation', 'Member must be an S3 URI, s3://bucket/key');
  }
  if (body.length > INLINE_LIMIT_BYTES) throw contentTooLong(INLINE_LIMIT_BYTES);
  const contentType = header(headers, 'x-amzn-sagemaker-content-type');
  checkLength('contentType', contentType, 0, 1024);
  // The media type of the API's own body is not the request's, which has a header of its own.
  const others = Object.entries(forwarded).filter(([name]) => name !== 'content-type');
  return {
    endpointName,
    headers: {
      ...Object.fromEntries(others),
      ...(contentType !== undefined && { 'content-type': contentType }),
    },
    requestTtlMs:
      1000 * seconds(headers, 'x-amzn-sagemaker-requestttlseconds', 'requestTTLSeconds', 60, 21_600),
    invocationTimeoutMs:
      1000 *
      seconds(
        headers,
        'x-amzn-sagemaker-invocationtimeoutseconds',
        'invocationTimeoutSeconds',
        1,
        3_600,
        900,
      ),
    ...optional('input', input),
    ...optional('inferenceId', header(headers, 'x-amzn-sagemaker-inference-id')),
    ...optional('outputPathExtension', pathPart(headers, 's3outputpathextension', 's3OutputPathExtension')),
    ...optional('filename', pathPart(headers, 'filename', 'filename')),
  };
}

function seconds(
  headers: IncomingHttpHeaders,
  name: string,
  member: string,
  least: number,
  most: number,
  fallback = most,
): number {
  const text = header(headers, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw constraintError(member, `Member must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function pathPart(headers: IncomingHttpHeaders, name: string, member: string): string | undefined {
  const value = header(headers, `x-amzn-sagemaker-${name}`);
  checkLength(member, value, 1, 512);
  return value;
}

function optional<K extends string>(key: K, value: string | undefined): { [k in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [k in K]?: string };
}
