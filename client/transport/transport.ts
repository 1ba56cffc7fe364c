/** One invocation, as a transport sends it. */
export interface TransportRequest {
  readonly body: Uint8Array;
  /** Media type of the body, and of the answer that is wanted. */
  readonly contentType: string;
  readonly accept: string;
  /** Fires when the caller gave up or the deadline passed; the transport then stops and frees its socket. */
  readonly signal: AbortSignal;
}

/** A successful answer. */
export interface TransportResponse {
  readonly body: Uint8Array;
  readonly requestId?: string;
}

/** The way to an endpoint. Implement it to reach one that this package does not know. */
export interface RerankTransport {
  /**
   * Sends one request and resolves with the answer.
   * @throws RerankerError for every failure; a transport maps its own errors.
   */
  invoke(request: TransportRequest): Promise<TransportResponse>;
  /** Frees sockets; calls after it are not made. */
  close?(): void;
}
