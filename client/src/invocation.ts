import type { ValidationIssue } from './errors/index.js';
import type { InvocationOptions } from './transport/transport.js';

// Names and constraints of the members in the model of SageMaker Runtime 2017-05-13.
const NAME = /^[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}$/;
const NAME_MESSAGE = 'must be 1 to 63 letters, digits and hyphens, with no hyphen at either end';

const RULES: readonly { member: keyof InvocationOptions; allowed: RegExp; message: string }[] = [
  {
    member: 'targetModel',
    allowed: /^[\x21-\x7e][\x20-\x7e]{0,1023}$/,
    message: 'must be 1 to 1,024 printable ASCII characters and begin with no space',
  },
  { member: 'targetVariant', allowed: NAME, message: NAME_MESSAGE },
  { member: 'inferenceComponentName', allowed: NAME, message: NAME_MESSAGE },
  {
    member: 'customAttributes',
    allowed: /^[\x20-\x7e]{0,1024}$/,
    message: 'must be at most 1,024 visible ASCII characters',
  },
  {
    member: 'inferenceId',
    allowed: /^[\x20-\x7e]{1,64}$/,
    message: 'must be 1 to 64 visible ASCII characters',
  },
];

/** Adds an issue for each option that the service would refuse. */
export function checkInvocation(options: InvocationOptions, issues: ValidationIssue[]): void {
  for (const { member, allowed, message } of RULES) {
    const value: unknown = options[member];
    if (value !== undefined && (typeof value !== 'string' || !allowed.test(value))) {
      issues.push({ path: member, message });
    }
  }
}

/** The options of a request over those of its client; undefined when there are none. */
export function mergeInvocation(
  client: InvocationOptions,
  request: InvocationOptions,
): InvocationOptions | undefined {
  const merged: Partial<Record<keyof InvocationOptions, string>> = {};
  for (const { member } of RULES) {
    const value = request[member] ?? client[member];
    if (value !== undefined) merged[member] = value;
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}
