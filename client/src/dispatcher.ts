import { emit, type CallInfo } from './instrumentation.js';
import type { ClientSettings } from './options.js';
import { CircuitBreaker } from './policy/circuit-breaker.js';
import type { Deadline } from './policy/deadline.js';
import { hedged } from './policy/hedge.js';
import { withRetries } from './policy/retry.js';
import { Semaphore, type Release } from './policy/semaphore.js';
import { untilAborted } from './policy/signals.js';
import type {
  RerankTransport,
  TransportRequest,
  TransportResponse,
  TransportStream,
} from './transport/transport.js';

/** A request without its signal, which each sending has for itself. */
export type Sendable = Omit<TransportRequest, 'signal'>;

/** The call that a request is part of. */
export interface CallContext {
  readonly call: CallInfo;
  readonly signal: AbortSignal;
  readonly deadline: Deadline;
}

/** A stream that holds its slot until it is released. */
interface HeldStream {
  readonly stream: TransportStream;
  readonly release: Release;
}

interface Attempt {
  readonly number: number;
  readonly hedge: boolean;
}

/**
 * Sends requests under the client's policies, each inside the next: retries, hedging, a slot, the circuit breaker,
 * the transport. A request waiting for its retry holds no slot.
 */
export class Dispatcher {
  readonly #transport: RerankTransport;
  readonly #settings: ClientSettings;
  readonly #slots: Semaphore;
  readonly #breaker: CircuitBreaker | undefined;

  constructor(transport: RerankTransport, settings: ClientSettings) {
    this.#transport = transport;
    this.#settings = settings;
    this.#slots = new Semaphore(settings.concurrency);
    this.#breaker =
      settings.circuitBreaker &&
      new CircuitBreaker(settings.circuitBreaker, (state) => {
        emit(settings.instrumentation, { type: 'circuit', state });
      });
  }

  send(request: Sendable, context: CallContext): Promise<TransportResponse> {
    const invoke = (signal: AbortSignal): Promise<TransportResponse> =>
      this.#transport.invoke({ ...request, signal });
    const { hedge, instrumentation } = this.#settings;
    return this.#retrying(context, (number) => {
      const first = (signal: AbortSignal): Promise<TransportResponse> =>
        this.#slotted(signal, (release) =>
          this.#attempt(request, context, { number, hedge: false }, signal, invoke).finally(release),
        );
      if (!hedge) return first(context.signal);
      return hedged(hedge.afterMs, context.signal, first, (signal) => {
        // Hedging is for idle capacity: it never waits for a slot.
        const release = this.#slots.tryAcquire();
        if (!release) return undefined;
        emit(instrumentation, { type: 'hedge', call: context.call });
        return this.#attempt(request, context, { number, hedge: true }, signal, invoke).finally(release);
      });
    });
  }

  /** Opens a stream; it is tried again only until it is open. */
  open(
    request: Sendable,
    context: CallContext,
    stream: (request: TransportRequest) => Promise<TransportStream>,
  ): Promise<HeldStream> {
    const { signal } = context;
    return this.#retrying(context, (number) =>
      this.#slotted(signal, async (release) => {
        try {
          const opened = await this.#attempt(request, context, { number, hedge: false }, signal, () =>
            stream({ ...request, signal }),
          );
          return { stream: opened, release };
        } catch (error) {
          release();
          throw error;
        }
      }),
    );
  }

  #retrying<V>(context: CallContext, run: (attempt: number) => Promise<V>): Promise<V> {
    const { retry, instrumentation } = this.#settings;
    const { call, signal, deadline } = context;
    return withRetries(
      {
        policy: retry,
        signal,
        remainingMs: () => deadline.remainingMs(),
        onRetry: (planned) => emit(instrumentation, { type: 'retry', call, ...planned }),
      },
      run,
    );
  }

  async #slotted<V>(signal: AbortSignal, run: (release: Release) => Promise<V>): Promise<V> {
    this.#breaker?.check();
    return run(await this.#slots.acquire(signal));
  }

  async #attempt<V>(
    request: Sendable,
    { call }: CallContext,
    { number, hedge }: Attempt,
    signal: AbortSignal,
    send: (signal: AbortSignal) => Promise<V>,
  ): Promise<V> {
    // Also a transport that ignores its signal gives its slot back.
    const run = (): Promise<V> => untilAborted(signal, () => send(signal));
    const watched = (): Promise<V> => {
      const { instrumentation } = this.#settings;
      if (!instrumentation?.attempt) return run();
      const info = { call, attempt: number, hedge, bytes: request.body.byteLength };
      return instrumentation.attempt(info, run);
    };
    return this.#breaker ? this.#breaker.run(watched) : watched();
  }
}
