import { withDocument, type ClientCore } from './client-core.js';
import type { CallContext } from './dispatcher.js';
import {
  AbortedError,
  InvalidResponseError,
  ModelError,
  RerankerError,
  StreamInterruptedError,
  ValidationError,
} from './errors/index.js';
import { readLines } from './json-lines.js';
import { sigmoid } from './merge.js';
import { startDeadline } from './policy/deadline.js';
import { abortable, linkedController } from './policy/signals.js';
import { readRequest } from './request.js';
import { decodeLine } from './response.js';
import type { Part, Split } from './split.js';
import type { TransportRequest, TransportStream } from './transport/transport.js';
import type { Ranking, RerankResponse, RerankResult, StreamRequest } from './types.js';
import type { ErrorBody } from './wire.js';

// SageMaker gives a container 8 minutes for a stream; what comes later does not come.
const DEADLINE_MS = 485_000;

/** What is known once a stream has ended: the return value of its generator. */
export type StreamSummary = Pick<RerankResponse<never>, 'model' | 'usage' | 'requestIds'>;

type OpenStream = (request: TransportRequest) => Promise<TransportStream>;
type Rankings = AsyncGenerator<Ranking, void, undefined>;

/** What the parts add up to, complete when the last has ended. */
interface Tally {
  model: string;
  totalTokens: number;
  readonly requestIds: string[];
}

/** One call of `stream`, from its checks to its summary. */
export async function* streamCall<T, R extends boolean>(
  core: ClientCore,
  request: StreamRequest<T, R>,
): AsyncGenerator<RerankResult<T, R>, StreamSummary, undefined> {
  const content = readRequest(request);
  const open = core.transport.stream?.bind(core.transport);
  if (!open) throw new ValidationError('this transport has no response streams: use rerank');
  for (const path of ['topN', 'firstStageScores', 'fusion'] as const) {
    if (request[path] === undefined) continue;
    const message = 'is not for streams, as the best are known only when all are scored: use rerank';
    throw new ValidationError(`${path} ${message}`, [{ path, message }]);
  }
  const { rawScores = false, threshold = -Infinity, returnDocuments } = request;
  const documents = [...request.documents];
  const call = core.callInfo('stream', documents.length);
  const split = core.split(content, { rawScores }, core.limits, call);
  const deadline = startDeadline(core.timeLimits(request, DEADLINE_MS));
  const { signal, abort, unlink } = linkedController(deadline.signal);
  const tally: Tally = { model: '', totalTokens: 0, requestIds: [] };
  try {
    for await (const ranking of rankAll(core, request, split, open, { call, signal, deadline }, tally)) {
      if (ranking.relevanceScore < threshold) continue;
      yield withDocument<T, R>(ranking, documents, returnDocuments);
    }
    const { model, totalTokens, requestIds } = tally;
    core.event({ type: 'ranked', call, model, totalTokens, requestIds });
    return { model, usage: { totalTokens }, requestIds };
  } finally {
    // Wherever the loop was left: a socket that still brings results is closed.
    abort(new AbortedError('the stream was left before its end'));
    deadline.end();
    unlink();
  }
}

/** Part after part: side by side they would compete for the same cores and give nothing earlier. */
async function* rankAll<T, R extends boolean>(
  core: ClientCore,
  request: StreamRequest<T, R>,
  split: Split,
  open: OpenStream,
  context: CallContext,
  tally: Tally,
): Rankings {
  const toScore = split.logits && !request.rawScores ? sigmoid : (score: number): number => score;
  for (const part of split.parts) {
    const sendable = core.sendable(request, part, 'application/jsonlines');
    const { stream, release } = await core.dispatcher.open(sendable, context, open);
    if (stream.requestId !== undefined) tally.requestIds.push(stream.requestId);
    try {
      for await (const ranking of rankPart(part, abortable(context.signal, stream.chunks), tally)) {
        const { index, relevanceScore } = ranking;
        yield { index: part.start + index, relevanceScore: toScore(relevanceScore) };
      }
    } finally {
      release();
    }
  }
}

async function* rankPart(part: Part, chunks: AsyncIterable<Uint8Array>, tally: Tally): Rankings {
  const seen = new Set<number>();
  try {
    for await (const text of readLines(chunks)) {
      const line = decodeLine(text, part.documents);
      if (line.kind === 'error') throw brokenOff(line.error);
      if (line.kind === 'end') {
        if (seen.size < part.documents) throw incomplete(seen.size, part, 'as if that were all');
        tally.model = line.model;
        tally.totalTokens += line.totalTokens;
        return;
      }
      const { ranking } = line;
      if (seen.has(ranking.index)) {
        throw new InvalidResponseError(`document ${ranking.index} came twice in one stream`);
      }
      seen.add(ranking.index);
      yield ranking;
    }
  } catch (error) {
    if (RerankerError.isInstance(error)) throw error;
    throw new StreamInterruptedError(`the stream broke off: ${String(error)}`, { cause: error });
  }
  throw incomplete(seen.size, part, 'without its last line');
}

function incomplete(seen: number, { documents }: Part, how: string): StreamInterruptedError {
  return new StreamInterruptedError(`the stream ended after ${seen} of ${documents} documents, ${how}`);
}

function brokenOff(body: ErrorBody): ModelError {
  const { code, message } = body.error;
  return new ModelError(`the container broke the stream off: ${code}: ${message}`, {
    message: JSON.stringify(body),
  });
}
