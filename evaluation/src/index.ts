/** How good a reranker is: collections, a first stage, metrics equal to trec_eval's, and the report. */
export { readBeir, type BeirOptions } from './beir.js';
export { Bm25Index, describeBm25, type Bm25Options } from './bm25.js';
export { pairedBootstrap, type BootstrapOptions, type Interval } from './bootstrap.js';
export type { Collection, EvaluationDocument, ReadOptions } from './collection.js';
export { beirArchive, downloadBeir, type BeirArchive, type BeirDownloadOptions } from './download.js';
export { EvaluationError, type EvaluationErrorCode } from './errors.js';
export {
  evaluate,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
  type SystemResult,
} from './evaluate.js';
export { denseFirstStage, fusedFirstStage, type DenseEncoder, type Vectors } from './dense-stage.js';
export { bm25FirstStage, trecFirstStage, type FirstStage } from './first-stage.js';
export { fuse } from './fusion.js';
export type { FoundWeights } from './weight-search.js';
export { describeFaults, type Fault } from './lines.js';
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
} from './metrics.js';
export { RAG_CUTOFF, readRag, type RagOptions } from './rag.js';
export { PUBLISHED_SOURCE, publishedFigures, type PublishedFigure } from './published.js';
export { collectionDigest, fileName } from './remembered-reranker.js';
export {
  PUBLISHED,
  measuredTable,
  publishedTable,
  reportFacts,
  reportJson,
  topKTable,
  verdicts,
} from './report.js';
export type { Table } from './table.js';
export { formatHtml } from './report-html.js';
export { summarize, summaryTable, type Summary, type SummaryRow } from './summary.js';
export { readTrecRun, writeTrecRun, type TrecOptions, type TrecRun } from './trec.js';
export { writeWhole } from './whole-file.js';
