import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AwsError,
  expired,
  internalFailure,
  invocationTimedOut,
  modelError,
  serviceUnavailable,
  validationError,
} from './aws-error.js';
import type { AsyncInvocation } from './async-invocation.js';
import { StoreLimitError, type LocalObjectStore } from './object-store.js';
import { checkAnswer, invokeContainer, type ContainerBody } from './upstream.js';

/** What a queue sends to, and how much at once. */
interface AsyncQueueOptions {
  readonly store: LocalObjectStore;
  /** Port of the container. */
  readonly port: () => number;
  /** Invocations that the container has at once. */
  readonly concurrency: number;
  /** Largest error body that is read of the container, bytes. */
  readonly errorBytes: number;
}

/** Where the answer or the failure of an invocation will lie. */
interface Accepted {
  readonly inferenceId: string;
  readonly outputLocation: string;
  readonly failureLocation: string;
}

interface Job {
  readonly invocation: AsyncInvocation;
  /** Name of the request in the store. */
  readonly input: string;
  /** Whether that object is the queue's own. */
  readonly inline: boolean;
  readonly accepted: Accepted;
  readonly queuedAt: number;
}

/** Bucket of answers and failures. */
const BUCKET = 'reranker-local';
/** Waiting invocations at most: each is a small object, its body lies in the store. */
const LONGEST_QUEUE = 10_000;

/**
 * The queue of an asynchronous endpoint: takes invocations, hands them to the container in order, and writes what
 * comes of each to the object store.
 */
export class AsyncQueue {
  readonly #waiting: Job[] = [];
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  readonly #options: AsyncQueueOptions;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
  }

  /**
   * Takes an invocation.
   * @param body the request, where it is not at an input location
   * @throws AwsError ValidationError when there is no object at its input location, ServiceUnavailable when too many wait.
   */
  async submit(invocation: AsyncInvocation, body: Buffer): Promise<Accepted> {
    if (this.#waiting.length >= LONGEST_QUEUE) {
      throw serviceUnavailable(`${LONGEST_QUEUE} invocations are waiting already.`);
    }
    const { store } = this.#options;
    const id = randomUUID();
    const inline = invocation.input === undefined;
    const input = invocation.input ?? `${BUCKET}/inline/${id}`;
    if (inline) await store.put(input, Readable.from([body]), 'application/octet-stream');
    else if (!store.head(input)) throw noInput(input);
    const { outputPathExtension, filename = id, inferenceId = id } = invocation;
    const file = outputPathExtension === undefined ? filename : `${outputPathExtension}/${filename}`;
    const accepted: Accepted = {
      inferenceId,
      outputLocation: `s3://${BUCKET}/output/${file}.out`,
      failureLocation: `s3://${BUCKET}/failure/${file}-error.out`,
    };
    this.#waiting.push({ invocation, input, inline, accepted, queuedAt: Date.now() });
    this.#fill();
    return accepted;
  }

  /** Drops what waits, breaks off what runs, and resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    this.#stop.abort(internalFailure());
    await Promise.all(this.#running);
  }

  #fill(): void {
    while (this.#running.size < this.#options.concurrency) {
      const job = this.#waiting.shift();
      if (!job) return;
      const run = this.#run(job).finally(() => {
        this.#running.delete(run);
        this.#fill();
      });
      this.#running.add(run);
    }
  }

  /** Never rejects: what goes wrong is written to the failure location. */
  async #run(job: Job): Promise<void> {
    const { store } = this.#options;
    const { invocation, accepted } = job;
    try {
      if (Date.now() - job.queuedAt > invocation.requestTtlMs) throw expired(invocation.requestTtlMs);
      await this.#invoke(job);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const { message } =
        error instanceof AwsError || error instanceof StoreLimitError ? error : internalFailure();
      await store
        .put(nameOf(accepted.failureLocation), Readable.from([Buffer.from(message)]), 'text/plain')
        // A store that is full takes no failure either; the caller's deadline ends the wait.
        .catch(() => undefined);
    } finally {
      if (job.inline) await store.delete(job.input);
    }
  }

  async #invoke({ invocation, input, accepted }: Job): Promise<void> {
    const { store, port, errorBytes } = this.#options;
    const { endpointName, invocationTimeoutMs } = invocation;
    const found = store.read(input);
    if (!found) throw noInput(input);
    const headers = { 'content-type': found.object.contentType, ...invocation.headers };
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(invocationTimeoutMs)]);
    const body: ContainerBody = { bytes: found.object.bytes, content: found.content };
    let status = 0;
    try {
      const answer = await invokeContainer(port(), { endpointName, headers }, body, signal);
      status = answer.statusCode ?? 0;
      await checkAnswer(answer, endpointName, errorBytes, signal);
      const contentType = answer.headers['content-type'] ?? 'application/octet-stream';
      await store.put(nameOf(accepted.outputLocation), answer as AsyncIterable<Buffer>, contentType);
    } catch (error) {
      if (signal.aborted) throw invocationTimedOut(endpointName);
      if (error instanceof AwsError || error instanceof StoreLimitError) throw error;
      throw modelError(endpointName, status, undefined);
    } finally {
      found.content.destroy();
    }
  }
}

function nameOf(location: string): string {
  return location.slice('s3://'.length);
}

function noInput(input: string): AwsError {
  return validationError(`Unable to access s3://${input}: there is no such object`);
}
