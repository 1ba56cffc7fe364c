/** How good a reranker is: collections, a first stage, metrics equal to trec_eval's, and the report. */
export { readBeir, type BeirOptions, type Collection, type EvaluationDocument } from './beir';
export { Bm25Index, type Bm25Options } from './bm25';
export { pairedBootstrap, type BootstrapOptions, type Interval } from './bootstrap';
export { beirArchive, downloadBeir, type BeirArchive, type DownloadOptions } from './download';
export { EvaluationError, type EvaluationErrorCode } from './errors';
export {
  evaluate,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
  type SystemResult,
} from './evaluate';
export { fuse } from './fusion';
export type { Fault } from './lines';
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
export { RAG_CUTOFF, readRag } from './rag';
export { formatTable, publishedFigures, reportJson, reportTitle } from './report';
export { formatHtml } from './report-html';
export { readTrecRun, writeTrecRun } from './trec';
