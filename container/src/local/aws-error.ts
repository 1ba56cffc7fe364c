import { createHash } from 'node:crypto';

/** An answer as the SageMaker Runtime API gives it: AWS restJson, the shape's name in `x-amzn-errortype`. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  constructor(
    readonly status: number,
    /** Name of the error shape in the service's model; absent where the real service gives none. */
    readonly shape: string | undefined,
    message: string,
    /** Further members of the shape. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

// Shapes and statuses: model of SageMaker Runtime 2017-05-13 in the AWS SDKs.

export function validationError(message: string): AwsError {
  return new AwsError(400, 'ValidationError', message);
}

/** A member outside its constraints, in the words of AWS services. */
export function constraintError(member: string, constraint: string): AwsError {
  return validationError(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${constraint}`,
  );
}

export function serviceUnavailable(message: string): AwsError {
  return new AwsError(503, 'ServiceUnavailable', message);
}

export function internalFailure(): AwsError {
  return new AwsError(500, 'InternalFailure', 'An internal failure occurred.');
}

/** What a real-time endpoint answers to a body over its limit: status 413 and no error shape. */
export function contentTooLong(limitBytes: number): AwsError {
  return new AwsError(413, undefined, `HTTP content length exceeded ${limitBytes} bytes.`);
}

// Longest value of the shape's Message members.
const MAX_MESSAGE = 2048;

/** The container answered with an error status; `body` is what it said, undefined when it could not be read. */
export function modelError(endpointName: string, status: number, body: string | undefined): AwsError {
  const said =
    body === undefined || body.length > MAX_MESSAGE
      ? 'and could not load the entire response body'
      : `with message "${body}"`;
  const side = status >= 400 && status < 500 ? 'client' : 'server';
  return new AwsError(
    424,
    'ModelError',
    `Received ${side} error (${status}) from primary ${said}. See the log of the local container for more information.`,
    {
      OriginalStatusCode: status,
      OriginalMessage: (body ?? '').slice(0, MAX_MESSAGE),
      LogStreamArn: logStreamArn(endpointName),
    },
  );
}

/** The container did not answer in time; SageMaker gives status 0 as the original one. */
export function invocationTimedOut(endpointName: string): AwsError {
  return modelError(
    endpointName,
    0,
    'Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.',
  );
}

/** The container broke the connection or does not run any more. */
export function noResponse(endpointName: string): AwsError {
  return modelError(
    endpointName,
    0,
    `Amazon SageMaker could not get a response from the ${endpointName} endpoint. This can occur when CPU or memory utilization is high. To check your utilization, see Amazon CloudWatch. To fix this problem, use an instance type with more CPU capacity or memory.`,
  );
}

/** An asynchronous request that waited longer than its caller allows; it is not sent to the container any more. */
export function expired(ttlMs: number): AwsError {
  return validationError(`The request expired: it waited for more than ${ttlMs / 1000} seconds`);
}

/** Shaped like the ARN of a real endpoint's log stream, in the account 000000000000 that nobody has. */
function logStreamArn(endpointName: string): string {
  const instance = createHash('sha256').update(endpointName).digest('hex').slice(0, 17);
  return `arn:aws:logs:local:000000000000:log-group:/aws/sagemaker/Endpoints/${endpointName}:log-stream:AllTraffic/i-${instance}`;
}
