import { randomUUID } from 'node:crypto';
import { InvalidResponseError, ModelError, RerankerError, ValidationError } from '../errors/index.js';
import { sleep } from '../policy/backoff.js';
import { fromSageMaker } from './sagemaker-errors.js';
import {
  invocationInput,
  openRuntime,
  type RuntimeSource,
  type SageMakerOptions,
} from './sagemaker-transport.js';
import { parseS3Uri, S3ObjectStore, type ObjectStore, type S3ClientLike } from './s3-object-store.js';
import type { RerankTransport, TransportRequest, TransportResponse } from './transport.js';

/** How to reach an asynchronous endpoint. */
export interface AsyncEndpointOptions extends SageMakerOptions {
  /**
   * Where requests over 128,000 bytes are uploaded, `s3://bucket/prefix`. The endpoint's role must be able to read
   * it; a lifecycle rule should expire it. Needed only if such requests occur.
   */
  readonly inputLocation?: string;
  /** A client of your own for S3, from `@aws-sdk/client-s3`, or a store of your own. */
  readonly s3?: S3ClientLike | ObjectStore;
  /** First and longest pause between two looks for the answer, milliseconds; it grows by half. Default 250 and 5,000. */
  readonly pollMs?: { readonly first?: number; readonly longest?: number };
}

/** A request that the endpoint has taken; plain data, to be kept and collected anywhere. */
export interface AsyncJob {
  readonly inferenceId: string;
  readonly outputLocation: string;
  /** Absent where the endpoint's configuration names no path for failures: then only the deadline ends the wait. */
  readonly failureLocation?: string;
}

// InvokeEndpointAsync takes a body itself up to this size.
const INLINE_LIMIT_BYTES = 128_000;
const GROWTH = 1.5;

/**
 * Reaches an asynchronous endpoint: hands the request over, inline or through S3, waits for the answer in S3 and
 * fetches it. Needs `sagemaker:InvokeEndpointAsync`, `s3:GetObject` and `s3:ListBucket` on the output and failure
 * paths, and `s3:PutObject` on the input path.
 * @example
 * const transport = new AsyncEndpointTransport({ endpointName: 'reranker-batch', inputLocation: 's3://my-bucket/in' });
 * const client = new RerankerClient({ transport });
 */
export class AsyncEndpointTransport implements RerankTransport {
  /** 1 GB, SageMaker's limit. */
  readonly payloadLimitBytes = 1024 ** 3;
  /** An hour, the longest that SageMaker gives an invocation. */
  readonly deadlineMs = 3_600_000;
  readonly target: string;
  readonly #runtime: RuntimeSource;
  readonly #store: ObjectStore;
  readonly #inputLocation: string | undefined;
  readonly #poll: { readonly first: number; readonly longest: number };

  /** @throws ValidationError when a setting is wrong. */
  constructor(options: AsyncEndpointOptions) {
    const { inputLocation, s3, pollMs } = options;
    if (inputLocation !== undefined) parseS3Uri(inputLocation, 'inputLocation');
    this.target = options.endpointName;
    this.#inputLocation = inputLocation?.replace(/\/+$/, '');
    this.#store = s3 && 'put' in s3 ? s3 : new S3ObjectStore(s3, options.region);
    this.#poll = { first: pollMs?.first ?? 250, longest: pollMs?.longest ?? 5_000 };
    this.#runtime = openRuntime(options);
  }

  async invoke(request: TransportRequest): Promise<TransportResponse> {
    const job = await this.submit(request);
    return this.collect(job, request.signal);
  }

  /** Hands a request over and does not wait for its answer. */
  async submit(request: TransportRequest): Promise<AsyncJob> {
    const { invocation = {} } = request;
    if (invocation.targetModel !== undefined || invocation.targetVariant !== undefined) {
      const path = invocation.targetModel === undefined ? 'targetVariant' : 'targetModel';
      const message = 'cannot be set for an asynchronous endpoint';
      throw new ValidationError(`${path} ${message}`, [{ path, message }]);
    }
    const input = await this.#place(request);
    try {
      const { sdk, runtime } = await this.#runtime.get();
      const { CustomAttributes, InferenceId } = invocationInput(invocation);
      const command = new sdk.InvokeEndpointAsyncCommand({
        EndpointName: this.target,
        ContentType: request.contentType,
        Accept: request.accept,
        CustomAttributes,
        InferenceId,
        ...input,
      });
      const output = await runtime.send(command, { abortSignal: request.signal });
      const { InferenceId: inferenceId, OutputLocation: outputLocation, FailureLocation } = output;
      if (inferenceId === undefined || outputLocation === undefined) {
        throw new InvalidResponseError('the endpoint took the request but named no output location');
      }
      return {
        inferenceId,
        outputLocation,
        ...(FailureLocation !== undefined && { failureLocation: FailureLocation }),
      };
    } catch (error) {
      throw fromSageMaker(error, this.target);
    }
  }

  /**
   * Waits for the answer of a job and fetches it.
   * @throws ModelError when the endpoint wrote a failure file
   */
  async collect(job: AsyncJob, signal: AbortSignal): Promise<TransportResponse> {
    for (let pause = this.#poll.first; ; pause = Math.min(pause * GROWTH, this.#poll.longest)) {
      const body = await this.#look(job.outputLocation, signal);
      if (body) return { body, requestId: job.inferenceId };
      const failure = job.failureLocation && (await this.#look(job.failureLocation, signal));
      if (failure) throw fromFailureFile(new TextDecoder().decode(failure), job);
      await sleep(pause, signal);
    }
  }

  close(): void {
    this.#runtime.close();
    this.#store.close?.();
  }

  /** A request that fails for a moment counts as "not there yet". The endpoint goes on working, so nothing is sent again. */
  async #look(uri: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    try {
      return await this.#store.get(uri, signal);
    } catch (error) {
      if (signal.aborted || !RerankerError.isInstance(error) || !error.retryable) throw error;
      return undefined;
    }
  }

  async #place(request: TransportRequest): Promise<{ Body: Uint8Array } | { InputLocation: string }> {
    const { body, contentType, signal } = request;
    if (body.byteLength <= INLINE_LIMIT_BYTES) return { Body: body };
    if (this.#inputLocation === undefined) {
      const message = `is needed for a request of ${body.byteLength} bytes: inline are at most ${INLINE_LIMIT_BYTES}`;
      throw new ValidationError(`inputLocation ${message}`, [{ path: 'inputLocation', message }]);
    }
    const uri = `${this.#inputLocation}/${randomUUID()}.json`;
    await this.#store.put(uri, body, contentType, signal);
    return { InputLocation: uri };
  }
}

// "Received server error (500) from primary with message "..."", as ModelError has it on a real-time endpoint.
const FAILURE = /\((\d{3})\) from \S+ with message "([\s\S]*)"/;

function fromFailureFile(text: string, { inferenceId }: AsyncJob): ModelError {
  const [, status, message] = FAILURE.exec(text) ?? [];
  return new ModelError(
    `the asynchronous invocation failed: ${text.slice(0, 500)}`,
    { message: message ?? text, ...(status !== undefined && { statusCode: Number(status) }) },
    { requestId: inferenceId },
  );
}
