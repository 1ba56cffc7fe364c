import { RequestError } from '@sagemaker-reranker/container';
import {
  parseObject,
  type Codec,
  type RerankOutcome,
  type RerankRequest,
} from '../../../container/src/codec/index.js';

export const limits = { maxDocuments: 3 };

export function decode(codec: Codec, body: unknown): RerankRequest {
  return codec.decode(parseObject(Buffer.from(JSON.stringify(body))), limits);
}

/** The path of the first fault a codec finds; fails the test where it finds none. */
export function faultPath(codec: Codec, body: unknown): unknown {
  try {
    decode(codec, body);
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    return (error as RequestError).details.path;
  }
  throw new Error('the body was accepted');
}

/** An outcome with these logits; each pair has 10 tokens more than its place, each document 5 more. */
export function outcome(...logits: number[]): RerankOutcome {
  const tokens = Uint32Array.from(logits, (_, index) => 10 + index);
  return {
    model: 'm',
    requestId: 'id-1',
    logits: Float32Array.from(logits),
    tokens,
    totalTokens: tokens.reduce((sum, each) => sum + each, 0),
    queryTokens: 4,
    documentTokens: tokens.map((each) => each - 5),
    timings: { tokenize: 1.4, queue: 2.6, inference: 3, model: 2 },
  };
}

/** What a codec answers, as its caller reads it. */
export function encoded(codec: Codec, request: RerankRequest, result: RerankOutcome): unknown {
  return JSON.parse(JSON.stringify(codec.encode(request, result)));
}

export function errorOf(codec: Codec, error: RequestError): unknown {
  return codec.encodeError(error, 'id-1');
}
