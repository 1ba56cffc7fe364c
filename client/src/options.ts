import { ValidationError, type ValidationIssue } from './errors/index.js';
import type { Instrumentation } from './instrumentation.js';
import { checkInvocation } from './invocation.js';
import type { CircuitBreakerOptions } from './policy/circuit-breaker.js';
import { isDeadline, MAX_DEADLINE_MS } from './policy/deadline.js';
import type { HedgeOptions } from './policy/hedge.js';
import { DEFAULT_RETRY, type RetryOptions, type RetryPolicy } from './policy/retry.js';
import type { SageMakerOptions } from './transport/sagemaker-transport.js';
import type { InvocationOptions, RerankTransport } from './transport/transport.js';
import type { OnUnavailable } from './types.js';

/** How the client calls, whatever the endpoint; invocation options apply to every call that has none of its own. */
export interface ClientOptions<U extends OnUnavailable = 'throw'> extends InvocationOptions {
  /** Milliseconds that a call may take, unless it says otherwise. Default 65,000; of a stream 485,000. */
  readonly deadlineMs?: number;
  /** Largest body the endpoint takes, bytes. Default 26,214,400 (real-time); serverless takes 4,194,304. */
  readonly payloadLimitBytes?: number;
  /** Most documents the container takes in one request. Default 10,000. */
  readonly maxDocumentsPerRequest?: number;
  /** Most requests in flight, of all calls of this client together. Default 8. */
  readonly concurrency?: number;
  /** Retries, or false for none. On by default. */
  readonly retry?: RetryOptions | false;
  /** Hedged requests. Default none; not for streams. */
  readonly hedge?: HedgeOptions;
  /** Circuit breaker, or false for none. On by default. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
  /** What a call gives when the endpoint is unavailable, unless it says otherwise. Default `throw`. */
  readonly onUnavailable?: U;
  readonly instrumentation?: Instrumentation;
}

/** A SageMaker endpoint by its name, or a transport of your own. */
export type RerankerClientOptions<U extends OnUnavailable = 'throw'> = ClientOptions<U> &
  ((SageMakerOptions & { readonly transport?: undefined }) | { readonly transport: RerankTransport });

/** The options with their defaults, but for those that differ by transport. */
export interface ClientSettings {
  readonly deadlineMs: number | undefined;
  readonly payloadLimitBytes: number | undefined;
  readonly maxDocumentsPerRequest: number;
  readonly concurrency: number;
  readonly retry: RetryPolicy;
  readonly hedge: HedgeOptions | undefined;
  readonly circuitBreaker: Required<CircuitBreakerOptions> | undefined;
  readonly onUnavailable: OnUnavailable;
  readonly instrumentation: Instrumentation | undefined;
  readonly invocation: InvocationOptions;
}

/** @throws ValidationError naming every option at fault */
export function resolveOptions(options: ClientOptions<OnUnavailable>): ClientSettings {
  const issues: ValidationIssue[] = [];
  const { retry, hedge, circuitBreaker, onUnavailable = 'throw' } = options;
  const count = (path: string, value: number | undefined, fallback: number): number => {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
      issues.push({ path, message: `must be an integer of at least 1, not ${String(value)}` });
    }
    return value ?? fallback;
  };
  const ms = (path: string, value: number | undefined, fallback: number): number => {
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      issues.push({ path, message: `must be milliseconds of at least 0, not ${String(value)}` });
    }
    return value ?? fallback;
  };
  if (options.deadlineMs !== undefined && !isDeadline(options.deadlineMs)) {
    const message = `must be milliseconds, at most ${MAX_DEADLINE_MS}, or Infinity; not ${String(options.deadlineMs)}`;
    issues.push({ path: 'deadlineMs', message });
  }
  if (options.payloadLimitBytes !== undefined) count('payloadLimitBytes', options.payloadLimitBytes, 0);
  if (onUnavailable !== 'throw' && onUnavailable !== 'passthrough') {
    issues.push({ path: 'onUnavailable', message: 'must be "throw" or "passthrough"' });
  }
  if (hedge) ms('hedge.afterMs', hedge.afterMs ?? NaN, 0);
  checkInvocation(options, issues);
  const given = retry || {};
  const settings: ClientSettings = {
    deadlineMs: options.deadlineMs,
    payloadLimitBytes: options.payloadLimitBytes,
    maxDocumentsPerRequest: count('maxDocumentsPerRequest', options.maxDocumentsPerRequest, 10_000),
    concurrency: count('concurrency', options.concurrency, 8),
    retry: {
      maxAttempts:
        retry === false ? 1 : count('retry.maxAttempts', given.maxAttempts, DEFAULT_RETRY.maxAttempts),
      baseDelayMs: ms('retry.baseDelayMs', given.baseDelayMs, DEFAULT_RETRY.baseDelayMs),
      maxDelayMs: ms('retry.maxDelayMs', given.maxDelayMs, DEFAULT_RETRY.maxDelayMs),
      wakeUpMs: retry === false ? 0 : ms('retry.wakeUpMs', given.wakeUpMs, DEFAULT_RETRY.wakeUpMs),
    },
    hedge,
    circuitBreaker:
      circuitBreaker === false
        ? undefined
        : {
            failures: count('circuitBreaker.failures', circuitBreaker?.failures, 5),
            coolDownMs: ms('circuitBreaker.coolDownMs', circuitBreaker?.coolDownMs, 10_000),
          },
    onUnavailable,
    instrumentation: options.instrumentation,
    invocation: options,
  };
  if (issues.length === 0) return settings;
  throw new ValidationError(issues.map((issue) => `${issue.path} ${issue.message}`).join('; '), issues);
}
