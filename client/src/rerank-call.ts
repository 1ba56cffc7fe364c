import { withDocument, type ClientCore } from './client-core.js';
import { AbortedError } from './errors/index.js';
import { fuseScores } from './fusion.js';
import type { CallInfo } from './instrumentation.js';
import { mergeRankings, sigmoid } from './merge.js';
import { isUnavailable } from './policy/availability.js';
import { withDeadline, type Deadline } from './policy/deadline.js';
import { linkedController } from './policy/signals.js';
import { readRequest, type RequestContent } from './request.js';
import { decodeResponse, type DecodedResponse } from './response.js';
import { smallerLimits, type Part, type Split } from './split.js';
import type { TransportMetadata } from './transport/transport.js';
import type {
  OnUnavailable,
  PassthroughResponse,
  PassthroughResult,
  Ranking,
  RerankRequest,
  RerankResponse,
} from './types.js';

// SageMaker gives a container 60 s for an answer; what comes later does not come.
const DEADLINE_MS = 65_000;

type AnyRerankRequest<T, R extends boolean> = RerankRequest<T, R, OnUnavailable | undefined>;
type Answer<T, R extends boolean> = RerankResponse<T, R> | PassthroughResponse<T, R>;

/** One part's answer, and what came with it. */
interface PartAnswer {
  readonly start: number;
  readonly decoded: DecodedResponse;
  readonly metadata: TransportMetadata;
}

interface Answers {
  readonly answers: readonly PartAnswer[];
  /** Whether their scores are logits. */
  readonly logits: boolean;
}

/** One call of `rerank`, from its checks to its answer. */
export async function rerankCall<T, R extends boolean>(
  core: ClientCore,
  request: AnyRerankRequest<T, R>,
): Promise<Answer<T, R>> {
  const content = readRequest(request);
  // A copy: the caller may change the array while the call runs.
  const documents = [...request.documents];
  const call = core.callInfo('rerank', documents.length);
  const run = async (): Promise<Answer<T, R>> => {
    try {
      const answers = await withDeadline(core.timeLimits(request, DEADLINE_MS), (deadline) =>
        sendAll(core, request, content, call, deadline),
      );
      const response = assemble(request, documents, answers);
      const { model, usage, requestIds } = response;
      core.event({ type: 'ranked', call, model, totalTokens: usage.totalTokens, requestIds });
      return response;
    } catch (error) {
      const wanted = request.onUnavailable ?? core.settings.onUnavailable;
      if (wanted !== 'passthrough' || !isUnavailable(error)) throw error;
      core.event({ type: 'passthrough', call, error });
      return { degraded: true, results: firstStage(request, documents), reason: error };
    }
  };
  const { instrumentation } = core.settings;
  return instrumentation?.call ? instrumentation.call(call, run) : run();
}

/** Splits by the limits that are known and, where the endpoint refuses a size all the same, by smaller ones. */
async function sendAll<T, R extends boolean>(
  core: ClientCore,
  request: AnyRerankRequest<T, R>,
  content: RequestContent,
  call: CallInfo,
  deadline: Deadline,
): Promise<Answers> {
  // A fusion weighs the logits of all documents against each other: a cut ranking, or sigmoids, would not do.
  const fused = isFused(request);
  const options = {
    topN: fused ? undefined : request.topN,
    rawScores: fused || (request.rawScores ?? false),
  };
  let { limits } = core;
  for (;;) {
    const split = core.split(content, options, limits, call);
    try {
      return { answers: await sendParts(core, request, split, call, deadline), logits: split.logits };
    } catch (error) {
      const smaller = smallerLimits(split, limits, error);
      if (!smaller) throw error;
      limits = smaller;
    }
  }
}

async function sendParts<T, R extends boolean>(
  core: ClientCore,
  request: AnyRerankRequest<T, R>,
  { parts }: Split,
  call: CallInfo,
  deadline: Deadline,
): Promise<PartAnswer[]> {
  const { signal, abort, unlink } = linkedController(deadline.signal);
  const send = async (part: Part): Promise<PartAnswer> => {
    const sendable = core.sendable(request, part, 'application/json');
    const { body, ...metadata } = await core.dispatcher.send(sendable, { call, signal, deadline });
    return { start: part.start, decoded: decodeResponse(body, part), metadata };
  };
  try {
    return await Promise.all(parts.map(send));
  } catch (error) {
    abort(new AbortedError('another request of the same call failed'));
    throw error;
  } finally {
    unlink();
  }
}

function assemble<T, R extends boolean>(
  request: AnyRerankRequest<T, R>,
  documents: readonly T[],
  { answers, logits }: Answers,
): RerankResponse<T, R> {
  const { topN, threshold = -Infinity, rawScores = false, returnDocuments } = request;
  const toScore = logits && !rawScores ? sigmoid : (score: number): number => score;
  const merged = mergeRankings(answers.map(({ start, decoded }) => ({ start, rankings: decoded.rankings })));
  const results = (isFused(request) ? fuse(request, merged) : merged)
    .slice(0, topN)
    .map((ranking) => ({ ...ranking, relevanceScore: toScore(ranking.relevanceScore) }))
    .filter(({ relevanceScore }) => relevanceScore >= threshold)
    .map((ranking) => withDocument<T, R>(ranking, documents, returnDocuments));
  const attributes = answers.flatMap(({ metadata }) => metadata.customAttributes ?? []);
  return {
    degraded: false,
    results,
    model: answers[0]!.decoded.model,
    usage: { totalTokens: answers.reduce((sum, { decoded }) => sum + decoded.totalTokens, 0) },
    requestIds: answers.flatMap(({ metadata }) => metadata.requestId ?? []),
    ...(attributes[0] !== undefined && { customAttributes: attributes[0] }),
  };
}

function isFused({
  firstStageScores,
  fusion,
}: Pick<RerankRequest<string>, 'firstStageScores' | 'fusion'>): boolean {
  return (firstStageScores ?? fusion) !== undefined;
}

/** @param merged rankings of all documents, with their logits */
function fuse(
  { firstStageScores, fusion }: Pick<RerankRequest<string>, 'firstStageScores' | 'fusion'>,
  merged: readonly Ranking[],
): Ranking[] {
  const inOrder = [...merged].sort((a, b) => a.index - b.index);
  const first = firstStageScores ?? inOrder.map(({ index }) => -index);
  const logits = inOrder.map(({ relevanceScore }) => relevanceScore);
  const scores = fuseScores(first, logits, fusion);
  return inOrder
    .map((ranking, i) => ({ ...ranking, fusedScore: scores[i]! }))
    .sort((a, b) => b.fusedScore - a.fusedScore || a.index - b.index);
}

function firstStage<T, R extends boolean>(
  { topN, returnDocuments }: AnyRerankRequest<T, R>,
  documents: readonly T[],
): PassthroughResult<T, R>[] {
  const results = documents
    .slice(0, topN)
    .map((document, index) => (returnDocuments === false ? { index } : { index, document }));
  // The compiler cannot relate the flag's value to the type it selects.
  return results as PassthroughResult<T, R>[];
}
