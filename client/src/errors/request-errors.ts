import { guard, type Guard, RerankerError, type RerankerErrorOptions } from './reranker-error.js';

/** One fault of a request: which field, and what it must be. */
export interface ValidationIssue {
  /** For example `documents[3].text`. */
  readonly path: string;
  readonly message: string;
}

/** The request or the client's configuration is not acceptable; nothing was ranked. */
export class ValidationError extends RerankerError<'invalid_request'> {
  static override readonly isInstance: Guard<ValidationError> = guard('ValidationError');
  /** Empty when the service refused the request without naming a field. */
  readonly issues: readonly ValidationIssue[];

  constructor(message: string, issues: readonly ValidationIssue[] = [], options?: RerankerErrorOptions) {
    super('invalid_request', message, options);
    this.issues = issues;
  }
}

/** The request body is over the endpoint's limit: found before sending, or refused by the service. */
export class PayloadTooLargeError extends RerankerError<'payload_too_large'> {
  static override readonly isInstance: Guard<PayloadTooLargeError> = guard('PayloadTooLargeError');
  /** Size of the body and the limit, bytes, where known. */
  readonly bytes: number | undefined;
  readonly limitBytes: number | undefined;

  constructor(
    message: string,
    sizes: { readonly bytes?: number; readonly limitBytes?: number } = {},
    options?: RerankerErrorOptions,
  ) {
    super('payload_too_large', message, options);
    this.bytes = sizes.bytes;
    this.limitBytes = sizes.limitBytes;
  }
}

/** A package that this call needs is not installed; the message says how to install it. */
export class MissingPackageError extends RerankerError<'missing_package'> {
  static override readonly isInstance: Guard<MissingPackageError> = guard('MissingPackageError');
  readonly package: string;

  constructor(name: string, options?: RerankerErrorOptions) {
    super('missing_package', `the package ${name} is not installed; run: npm install ${name}`, options);
    this.package = name;
  }
}
