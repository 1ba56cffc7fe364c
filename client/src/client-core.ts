import { Dispatcher, type Sendable } from './dispatcher.js';
import { emit, type CallInfo, type ClientEvent } from './instrumentation.js';
import { mergeInvocation } from './invocation.js';
import type { ClientSettings } from './options.js';
import type { Limits } from './policy/deadline.js';
import type { RequestContent } from './request.js';
import { splitRequest, type Part, type PartLimits, type Split } from './split.js';
import type { RerankTransport } from './transport/transport.js';
import type { RequestBase, RerankResult, Ranking } from './types.js';

// 25 MB, the limit of a real-time endpoint.
const PAYLOAD_LIMIT_BYTES = 25 * 1024 * 1024;

/** The parts of a request that do not depend on its documents' type. */
type AnyRequest = Omit<RequestBase<string, boolean>, 'documents' | 'text' | 'returnDocuments'>;

/** What calls of either kind need of the client. */
export class ClientCore {
  readonly dispatcher: Dispatcher;

  constructor(
    readonly transport: RerankTransport,
    readonly settings: ClientSettings,
  ) {
    this.dispatcher = new Dispatcher(transport, settings);
  }

  get limits(): PartLimits {
    return {
      bytes: this.settings.payloadLimitBytes ?? this.transport.payloadLimitBytes ?? PAYLOAD_LIMIT_BYTES,
      documents: this.settings.maxDocumentsPerRequest,
    };
  }

  /** When to give up: the call's own deadline, else the client's, else the transport's, else the default. */
  timeLimits(request: AnyRequest, defaultMs: number): Limits {
    const { signal } = request;
    const deadlineMs =
      request.deadlineMs ?? this.settings.deadlineMs ?? this.transport.deadlineMs ?? defaultMs;
    return { deadlineMs, ...(signal && { signal }) };
  }

  callInfo(operation: CallInfo['operation'], documents: number): CallInfo {
    return { operation, target: this.transport.target ?? 'custom', documents };
  }

  /** Cuts a call into its requests, and says so when they are several. */
  split(
    content: RequestContent,
    options: { readonly topN?: number; readonly rawScores: boolean },
    limits: PartLimits,
    call: CallInfo,
  ): Split {
    const split = splitRequest(content, options, limits);
    if (split.parts.length > 1) this.event({ type: 'split', call, requests: split.parts.length });
    return split;
  }

  sendable(request: AnyRequest, part: Part, accept: string): Sendable {
    const invocation = mergeInvocation(this.settings.invocation, request);
    return {
      body: part.body,
      contentType: 'application/json',
      accept,
      ...(invocation && { invocation }),
    };
  }

  event(event: ClientEvent): void {
    emit(this.settings.instrumentation, event);
  }
}

/** A ranking with the caller's document, if it is wanted. */
export function withDocument<T, R extends boolean>(
  ranking: Ranking,
  documents: readonly T[],
  returnDocuments: boolean | undefined,
): RerankResult<T, R> {
  const result = returnDocuments === false ? ranking : { ...ranking, document: documents[ranking.index] };
  // The compiler cannot relate the flag's value to the type it selects.
  return result as RerankResult<T, R>;
}
