import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { constraintError, contentTooLong, validationError } from './aws-error.js';

/** Name of the variant that answers, unless the request targets one. */
const DEFAULT_VARIANT = 'AllTraffic';

const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';
const NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9])*$/;
const NAME_PATTERN = '^[a-zA-Z0-9](-*[a-zA-Z0-9])*';

/** What reaches the container besides the body; SageMaker strips the rest, signature and host above all. */
const FORWARDED = [
  'content-type',
  'accept',
  CUSTOM_ATTRIBUTES,
  'x-amzn-sagemaker-inference-id',
  'x-amzn-sagemaker-session-id',
] as const;

/** A request to the API that passed its checks. */
export interface Invocation {
  readonly endpointName: string;
  readonly variant: string;
  /** Headers for the container. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Checks the name and headers of an invocation against the constraints of the API's model.
 * Any endpoint name, variant and inference component of the right form is accepted.
 * @throws AwsError ValidationError
 */
export function readInvocation(encodedName: string, headers: IncomingHttpHeaders): Invocation {
  const endpointName = checkName('endpointName', decode(encodedName));
  const variant = header(headers, 'x-amzn-sagemaker-target-variant');
  const component = header(headers, 'x-amzn-sagemaker-inference-component');
  if (variant !== undefined) checkName('targetVariant', variant);
  if (component !== undefined) checkName('inferenceComponentName', component);
  if (headers['x-amzn-sagemaker-target-model'] !== undefined) {
    throw validationError(
      `Endpoint ${endpointName} is not a multi-model endpoint and does not support target model header`,
    );
  }
  checkLength('customAttributes', header(headers, CUSTOM_ATTRIBUTES), 0, 1024);
  checkLength('inferenceId', header(headers, 'x-amzn-sagemaker-inference-id'), 1, 64);
  checkLength('contentType', headers['content-type'], 0, 1024);
  checkLength('accept', headers.accept, 0, 1024);

  const forwarded: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = header(headers, name);
    if (value !== undefined) forwarded[name] = value;
  }
  // The streaming operation carries the wanted media type in a header of its own.
  const accept = header(headers, 'x-amzn-sagemaker-accept');
  if (accept !== undefined) forwarded.accept = accept;
  return { endpointName, variant: variant ?? DEFAULT_VARIANT, headers: forwarded };
}

/**
 * The body of a request, up to a limit. A longer one is read to its end and thrown away, so that a client that
 * sends all before it reads gets the answer and not a broken connection.
 * @throws AwsError status 413
 */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limitBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > limitBytes) throw contentTooLong(limitBytes);
  return Buffer.concat(chunks);
}

/** A header's value, several of the same name joined. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function checkName(member: string, name: string): string {
  if (name.length > 63) throw constraintError(member, 'Member must have length less than or equal to 63');
  if (!NAME.test(name)) {
    throw constraintError(member, `Member must satisfy regular expression pattern: ${NAME_PATTERN}`);
  }
  return name;
}

/** @throws AwsError ValidationError when the value is too short, too long or no ASCII */
export function checkLength(member: string, value: string | undefined, least: number, most: number): void {
  if (value === undefined) return;
  if (value.length < least) {
    throw constraintError(member, `Member must have length greater than or equal to ${least}`);
  }
  if (value.length > most)
    throw constraintError(member, `Member must have length less than or equal to ${most}`);
  // Node gives header bytes as latin1: what is over 0x7e was no ASCII.
  if (!/^[\t\x20-\x7e]*$/.test(value)) {
    throw constraintError(member, 'Member must satisfy regular expression pattern: \\p{ASCII}*');
  }
}
