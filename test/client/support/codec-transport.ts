import type { RerankTransport, TransportRequest } from '@sagemaker-reranker/client';
import { jina, parseObject } from '../../../container/src/codec/index.js';

export interface CodecTransport extends RerankTransport {
  /** Every request that was sent. */
  readonly sent: TransportRequest[];
}

/** A transport that answers as the container would, in its own format, with logits from a function of the text. */
export function codecTransport(
  logitOf: (text: string, query: string) => number,
  before: (request: TransportRequest, number: number) => Promise<void> | void = () => undefined,
): CodecTransport {
  const sent: TransportRequest[] = [];
  return {
    target: 'in-process',
    sent,
    async invoke(request) {
      sent.push(request);
      await before(request, sent.length);
      const decoded = jina.decode(parseObject(Buffer.from(request.body)), { maxDocuments: 10_000 });
      const logits = Float32Array.from(decoded.documents, (text) => logitOf(text, String(decoded.query)));
      const outcome = { model: 'codec', logits, totalTokens: decoded.documents.length * 7 };
      return {
        body: Buffer.from(JSON.stringify(jina.encode(decoded, outcome))),
        requestId: `r${sent.length}`,
      };
    },
  };
}

/** What a promise rejects with; fails the test if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('the call was expected to fail');
    },
    (error: Error) => error,
  );
}
