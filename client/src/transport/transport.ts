/** How a request is routed at the endpoint, and what travels beside its body. */
export interface InvocationOptions {
  /** Model of a multi-model endpoint, as its file is named below the endpoint's S3 prefix. */
  readonly targetModel?: string;
  /** Production variant, on an endpoint with several. */
  readonly targetVariant?: string;
  /** Inference component, on an endpoint that hosts such. */
  readonly inferenceComponentName?: string;
  /** Passed to the container, and back if it sets it: up to 1,024 visible ASCII characters. */
  readonly customAttributes?: string;
  /** Id in data capture and in the container's log, 1 to 64 characters. */
  readonly inferenceId?: string;
}

/** One invocation, as a transport sends it. */
export interface TransportRequest {
  readonly body: Uint8Array;
  /** Media type of the body, and of the answer that is wanted. */
  readonly contentType: string;
  readonly accept: string;
  /** Fires when the caller gave up or the deadline passed; the transport then stops and frees its socket. */
  readonly signal: AbortSignal;
  readonly invocation?: InvocationOptions;
}

/** What comes with every successful answer. */
export interface TransportMetadata {
  readonly requestId?: string;
  /** Custom attributes that the container set. */
  readonly customAttributes?: string;
}

/** A successful answer. */
export interface TransportResponse extends TransportMetadata {
  readonly body: Uint8Array;
}

/** A successful answer that is still arriving. */
export interface TransportStream extends TransportMetadata {
  /** The body in pieces as they come, cut anywhere; ends by a RerankerError if it breaks off. Read once. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The way to an endpoint. Implement it to reach one that this package does not know. */
export interface RerankTransport {
  /** What it reaches, for instrumentation: an endpoint's name or a URL. */
  readonly target?: string;
  /** Largest body it takes, bytes, and how long an answer may take, milliseconds, where the caller says neither. */
  readonly payloadLimitBytes?: number;
  readonly deadlineMs?: number;
  /**
   * Sends one request and resolves with the answer. It is tried once: retries are the client's.
   * @throws RerankerError for every failure; a transport maps its own errors.
   */
  invoke(request: TransportRequest): Promise<TransportResponse>;
  /** Sends one request and resolves with the head of the answer. Absent where there are no streams. */
  stream?(request: TransportRequest): Promise<TransportStream>;
  /** Frees sockets; calls after it are not made. */
  close?(): void;
}
