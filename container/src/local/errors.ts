/** Codes of everything that can keep a local endpoint from starting. */
export type LocalEndpointErrorCode = 'listen_failed' | 'container_exited' | 'container_start_timeout';

/** The local endpoint could not start; the message says why and quotes the container's last lines. */
export class LocalEndpointError extends Error {
  override readonly name = 'LocalEndpointError';
  constructor(
    readonly code: LocalEndpointErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
