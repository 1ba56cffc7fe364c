import { ModelError, RerankerError } from '../errors/index.js';

/** Failures that say nothing about the request: the endpoint is away, full or too slow. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'throttled',
  'service_unavailable',
  'internal_failure',
  'model_not_ready',
  'no_capacity',
  'network_error',
  'timeout',
  'circuit_open',
]);

// Capacity that is on its way or in use: the endpoint is alive and says so itself.
const HEALTHY: ReadonlySet<string> = new Set(['throttled', 'model_not_ready', 'no_capacity', 'circuit_open']);

/** Whether a call that failed so may be answered with the first-stage order instead. */
export function isUnavailable(error: unknown): error is RerankerError {
  if (!RerankerError.isInstance(error)) return false;
  return UNAVAILABLE.has(error.code) || isContainerDown(error) || error.retryable;
}

/** Whether a failure counts towards opening the circuit. */
export function isBreakage(error: unknown): boolean {
  if (!RerankerError.isInstance(error)) return false;
  return isContainerDown(error) || (UNAVAILABLE.has(error.code) && !HEALTHY.has(error.code));
}

/** Whether a failure is the kind that passes when an endpoint has woken up. */
export function isWakingUp(error: RerankerError): boolean {
  return error.code === 'model_not_ready' || error.code === 'no_capacity';
}

function isContainerDown(error: RerankerError): boolean {
  if (!ModelError.isInstance(error)) return false;
  const { originalStatusCode } = error;
  // 0: no answer at all. 429 is the container's own word that it is alive but full.
  return originalStatusCode !== undefined && (originalStatusCode === 0 || originalStatusCode >= 500);
}
