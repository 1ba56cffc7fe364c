/** Graded judgements: query id, document id, grade; a grade above 0 is relevant. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface ScoredDocument {
  readonly id: string;
  readonly score: number;
}

/** What a system returned: query id, documents in any order. */
export type Run = ReadonlyMap<string, readonly ScoredDocument[]>;

/** Values of one query, or their means over queries; all 0..1. */
export interface Metrics {
  readonly ndcg: number;
  readonly map: number;
  readonly mrr: number;
  readonly recall: number;
  readonly precision: number;
  readonly hitRate: number;
}

export interface Measured {
  /** Mean over all judged queries; one without hits counts as 0 (trec_eval -c). */
  readonly mean: Metrics;
  readonly perQuery: ReadonlyMap<string, Metrics>;
}

/** Rank all metrics but MAP stop at: NDCG@10, MRR@10, Recall@10, Precision@10, hit rate at 10. */
export const CUTOFF = 10;

type Judged = ReadonlyMap<string, number>;

/**
 * Order of trec_eval: falling score, equal scores by falling document id. Scores are compared as 32-bit floats,
 * ids by their bytes, as trec_eval does (trec_eval 9, form_res_rels.c).
 */
export function rank(documents: readonly ScoredDocument[]): string[] {
  return documents
    .map(({ id, score }) => ({ id, score: Math.fround(score) }))
    .sort((a, b) => b.score - a.score || Buffer.compare(Buffer.from(b.id), Buffer.from(a.id)))
    .map(({ id }) => id);
}

const gain = (judged: Judged, id: string): number => Math.max(0, judged.get(id) ?? 0);
const discounted = (gains: readonly number[]): number =>
  gains.reduce((sum, value, i) => sum + value / Math.log2(i + 2), 0);
const countRelevant = (judged: Judged): number => [...judged.values()].filter((grade) => grade > 0).length;
const relevantIn = (ranked: readonly string[], judged: Judged): number =>
  ranked.filter((id) => gain(judged, id) > 0).length;
const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** Discounted gain over that of the best order, gain = grade (trec_eval ndcg_cut; Järvelin and Kekäläinen 2002). */
export function ndcg(ranked: readonly string[], judged: Judged, k: number): number {
  const ideal = [...judged.values()].filter((grade) => grade > 0).sort((a, b) => b - a);
  const actual = ranked.slice(0, k).map((id) => gain(judged, id));
  return ratio(discounted(actual), discounted(ideal.slice(0, k)));
}

/** Precision at each relevant document, summed, over the number of relevant ones (trec_eval map). */
export function averagePrecision(ranked: readonly string[], judged: Judged): number {
  let found = 0;
  let sum = 0;
  ranked.forEach((id, i) => {
    if (gain(judged, id) > 0) sum += ++found / (i + 1);
  });
  return ratio(sum, countRelevant(judged));
}

/** One over the rank of the first relevant document, 0 beyond rank k (trec_eval recip_rank over k results). */
export function reciprocalRank(ranked: readonly string[], judged: Judged, k: number): number {
  const first = ranked.slice(0, k).findIndex((id) => gain(judged, id) > 0);
  return first < 0 ? 0 : 1 / (first + 1);
}

/** Share of the relevant documents in the first k (trec_eval recall_k). */
export function recall(ranked: readonly string[], judged: Judged, k: number): number {
  return ratio(relevantIn(ranked.slice(0, k), judged), countRelevant(judged));
}

/** Relevant documents in the first k over k, however few were returned (trec_eval P_k). */
export function precision(ranked: readonly string[], judged: Judged, k: number): number {
  return relevantIn(ranked.slice(0, k), judged) / k;
}

/** 1 when one of the first k is relevant (trec_eval success_k). */
export function hit(ranked: readonly string[], judged: Judged, k: number): number {
  return relevantIn(ranked.slice(0, k), judged) > 0 ? 1 : 0;
}

/** All metrics of a run over every judged query. */
export function measure(run: Run, qrels: Qrels, k = CUTOFF): Measured {
  const perQuery = new Map<string, Metrics>();
  for (const [query, judged] of qrels) {
    const ranked = rank(run.get(query) ?? []);
    perQuery.set(query, {
      ndcg: ndcg(ranked, judged, k),
      map: averagePrecision(ranked, judged),
      mrr: reciprocalRank(ranked, judged, k),
      recall: recall(ranked, judged, k),
      precision: precision(ranked, judged, k),
      hitRate: hit(ranked, judged, k),
    });
  }
  const all = [...perQuery.values()];
  const mean = (name: keyof Metrics): number =>
    ratio(
      all.reduce((sum, metrics) => sum + metrics[name], 0),
      all.length,
    );
  return {
    mean: {
      ndcg: mean('ndcg'),
      map: mean('map'),
      mrr: mean('mrr'),
      recall: mean('recall'),
      precision: mean('precision'),
      hitRate: mean('hitRate'),
    },
    perQuery,
  };
}
