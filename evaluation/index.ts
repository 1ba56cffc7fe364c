/** How good a reranker is: collections, a first stage, metrics equal to trec_eval's, and the report. */
export { readBeir, type BeirOptions } from './beir';
export { Bm25Index, describeBm25, type Bm25Options } from './bm25';
export { pairedBootstrap, type BootstrapOptions, type Interval } from './bootstrap';
export { ClientReranker } from './client-reranker';
export type { Collection, EvaluationDocument, ReadOptions } from './collection';
export { beirArchive, downloadBeir, type BeirArchive, type DownloadOptions } from './download';
export { EvaluationError, type EvaluationErrorCode } from './errors';
export {
  evaluate,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
  type SystemResult,
} from './evaluate';
export { bm25FirstStage, trecFirstStage, type FirstStage } from './first-stage';
export { fuse } from './fusion';
export { describeFaults, type Fault } from './lines';
export {
  CUTOFF,
  averagePrecision,
  hit,
  measure,
  ndcg,
  precision,
  rank,
  recall,
  reciprocalRank,
  type Measured,
  type Metrics,
  type Qrels,
  type Run,
  type ScoredDocument,
} from './metrics';
export { RAG_CUTOFF, readRag, type RagOptions } from './rag';
export { publishedFigures, type PublishedFigure } from './published';
export { formatTable, reportJson } from './report';
export { formatHtml } from './report-html';
export { readTrecRun, writeTrecRun, type TrecOptions, type TrecRun } from './trec';
export { writeWhole } from './whole-file';
