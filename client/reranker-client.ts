import { checkDeadline, withDeadline } from './deadline';
import { PayloadTooLargeError, ValidationError } from './errors';
import { encodeRequest } from './request';
import { decodeResponse } from './response';
import { SageMakerTransport, type SageMakerOptions } from './sagemaker-transport';
import type { RerankTransport } from './transport';
import type { RerankRequest, RerankResponse, RerankResult } from './types';

// SageMaker gives a container 60 s; what comes later than this does not come.
const DEFAULT_DEADLINE_MS = 65_000;
// 25 MB, the limit of a real-time endpoint.
const DEFAULT_PAYLOAD_LIMIT_BYTES = 25 * 1024 * 1024;

export interface ClientOptions {
  /** Milliseconds that a call may take, unless it says otherwise. Default 65,000. */
  readonly deadlineMs?: number;
  /** Largest body the endpoint takes, bytes. Default 26,214,400 (real-time); serverless takes 4,194,304. */
  readonly payloadLimitBytes?: number;
}

/** A SageMaker endpoint by its name, or a transport of your own. */
export type RerankerClientOptions = ClientOptions &
  ((SageMakerOptions & { readonly transport?: undefined }) | { readonly transport: RerankTransport });

/**
 * Ranks documents by relevance to a query, through a deployed reranker.
 * @example
 * const client = new RerankerClient({ endpointName: 'reranker-tiny', region: 'eu-west-1' });
 * const { results } = await client.rerank({ query, documents: passages, text: (p) => p.body, topN: 5 });
 */
export class RerankerClient {
  readonly #transport: RerankTransport;
  readonly #deadlineMs: number;
  readonly #payloadLimitBytes: number;

  /** @throws ValidationError when an option is wrong. */
  constructor(options: RerankerClientOptions) {
    this.#deadlineMs = options.deadlineMs ?? DEFAULT_DEADLINE_MS;
    checkDeadline(this.#deadlineMs);
    this.#payloadLimitBytes = options.payloadLimitBytes ?? DEFAULT_PAYLOAD_LIMIT_BYTES;
    if (!Number.isSafeInteger(this.#payloadLimitBytes) || this.#payloadLimitBytes < 1) {
      const message = `must be a number of bytes of at least 1, not ${String(this.#payloadLimitBytes)}`;
      throw new ValidationError(`payloadLimitBytes ${message}`, [{ path: 'payloadLimitBytes', message }]);
    }
    this.#transport = options.transport ?? new SageMakerTransport(options);
  }

  /**
   * Ranks `documents` against `query`; results carry the caller's own documents, by identity.
   * @throws RerankerError, or rather the subclass of the cause; see each class.
   */
  async rerank<T, R extends boolean = true>(request: RerankRequest<T, R>): Promise<RerankResponse<T, R>> {
    const { topN, returnDocuments = true } = request;
    const body = new TextEncoder().encode(JSON.stringify(encodeRequest(request)));
    if (body.byteLength > this.#payloadLimitBytes) throw tooLarge(body.byteLength, this.#payloadLimitBytes);
    // A copy: the caller may change the array while the call runs.
    const documents = [...request.documents];
    const limits = {
      deadlineMs: request.deadlineMs ?? this.#deadlineMs,
      ...(request.signal && { signal: request.signal }),
    };
    const response = await withDeadline(limits, (signal) =>
      this.#transport.invoke({ body, contentType: 'application/json', accept: 'application/json', signal }),
    );
    const { rankings, model, totalTokens } = decodeResponse(response.body, {
      documents: documents.length,
      expected: Math.min(topN ?? documents.length, documents.length),
    });
    const results = rankings.map((ranking) =>
      returnDocuments ? { ...ranking, document: documents[ranking.index] } : ranking,
    );
    return {
      // The compiler cannot relate the flag's value to the type it selects.
      results: results as RerankResult<T, R>[],
      model,
      usage: { totalTokens },
      ...(response.requestId !== undefined && { requestId: response.requestId }),
    };
  }

  /** Closes idle connections; a client that is not closed lets the process exit all the same. */
  close(): void {
    this.#transport.close?.();
  }
}

function tooLarge(bytes: number, limitBytes: number): PayloadTooLargeError {
  return new PayloadTooLargeError(
    `the request body has ${bytes} bytes where the endpoint takes ${limitBytes}: send fewer or shorter documents`,
    { bytes, limitBytes },
  );
}
