import {
  compare,
  modelOfVariant,
  openPriceBook,
  parseDuty,
  shippedMeasurements,
} from '@sagemaker-reranker/cost';

/** What the page asks about its traffic. */
export interface CostQuestion {
  readonly variant: string;
  readonly region: string;
  readonly queriesPerSecond: number;
  readonly documents: number;
  readonly tokens: number;
  readonly p95Ms: number;
}

export interface CostAnswer {
  /** The cheapest that meet the latency, cheapest first. */
  readonly options: readonly {
    readonly label: string;
    readonly usdPerMonth: number;
    readonly p95Ms: number;
    readonly basis: string;
  }[];
  readonly prices: string;
}

const SHOWN = 5;

/** @throws CostError for what the comparison cannot answer. */
export function costOf({
  variant,
  region,
  queriesPerSecond,
  documents,
  tokens,
  p95Ms,
}: CostQuestion): CostAnswer {
  const comparison = compare(
    {
      model: modelOfVariant(variant, 'int8'),
      region,
      queriesPerSecond,
      documentsPerQuery: documents,
      tokensPerPair: tokens,
      p95Ms,
      duty: parseDuty('always'),
    },
    { book: openPriceBook(), measurements: shippedMeasurements() },
  );
  const options = comparison.options.flatMap(({ meetsTarget, label, usdPerMonth, p95Ms: p95 }) =>
    meetsTarget && usdPerMonth && p95
      ? [{ label, usdPerMonth: usdPerMonth.value, p95Ms: p95.value, basis: usdPerMonth.basis }]
      : [],
  );
  return { options: options.slice(0, SHOWN), prices: comparison.priceBook.description };
}
