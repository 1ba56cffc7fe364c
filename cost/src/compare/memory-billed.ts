import { variantFigures } from '@sagemaker-reranker/models';
import { MEMORY_BASIS, containerMemoryMib, leastServerlessMb } from '../model/memory.js';
import { tokensPerSecond } from '../model/throughput.js';
import type { PriceBook } from '../price-book/book.js';
import type { Figure, Measurement, MemoryBilledRow, Question } from '../types.js';
import { SERVERLESS_PROCESSES } from './assumptions.js';
import { estimated, highOf, lowOf } from './figures.js';
import { queueFor } from './fleet.js';

const COMPARED = ['base', 'turbo', 'tiny'] as const;

/**
 * What the question's work costs where memory is billed, on the least serverless size that holds the model: base, turbo and tiny, and
 * the model asked for where it is none of them.
 */
export function memoryBilled(
  question: Question,
  book: PriceBook,
  measurements: readonly Measurement[],
): MemoryBilledRow[] {
  const { model } = question;
  const compared = COMPARED.map((variant) =>
    variant === model.variant ? model : variantFigures(variant, model.precision),
  );
  const models = compared.includes(model) ? compared : [...compared, model];
  const rows = models.map((each) => row({ ...question, model: each }, book, measurements));
  const [base] = rows;
  return rows.map((each) => ({
    ...each,
    memorySavedAgainstBase: saved(each.usdPerSecond, base!.usdPerSecond),
    savedAgainstBase: saved(each.usdPerMillionDocuments, base!.usdPerMillionDocuments),
  }));
}

function row(question: Question, book: PriceBook, measurements: readonly Measurement[]): MemoryBilledRow {
  const { model, region } = question;
  const memoryMb = leastServerlessMb(model);
  const price = memoryMb === null ? null : book.usdPerServerlessSecondOrStandIn(memoryMb, region);
  const usdPerSecond = price?.usd ?? null;
  const seconds = memoryMb === null ? null : secondsPerQuery(question, memoryMb, measurements);
  const perMillion = usdPerSecond ? (usdPerSecond.value * 1e6) / question.documentsPerQuery : null;
  return {
    model: model.name,
    precision: model.precision,
    neededMib: {
      value: containerMemoryMib([model]),
      basis: 'estimated',
      source: `line through measured peaks (${MEMORY_BASIS.how})`,
    },
    memoryMb,
    usdPerSecond,
    memorySavedAgainstBase: null,
    secondsPerQuery: seconds,
    usdPerMillionDocuments:
      perMillion === null || !seconds
        ? null
        : estimated(
            seconds.value * perMillion,
            'seconds of a query x price of a second ÷ documents a query',
            lowOf(seconds) * perMillion,
            highOf(seconds) * perMillion,
          ),
    savedAgainstBase: null,
  };
}

function secondsPerQuery(question: Question, memoryMb: number, measurements: readonly Measurement[]): Figure {
  const rate = tokensPerSecond(question, { serverlessMb: memoryMb }, measurements);
  const { alone } = queueFor(question, measurements, SERVERLESS_PROCESSES);
  const work = question.documentsPerQuery * question.tokensPerPair * alone;
  return estimated(
    work / rate.value,
    `tokens of a query ÷ tokens a second (${rate.basis}: ${rate.source})`,
    work / highOf(rate),
    work / lowOf(rate),
  );
}

/** No interval: both figures rest on the same processor, whose uncertainty cancels in their ratio. */
function saved(figure: Figure | null, base: Figure | null): Figure | null {
  if (!figure || !base) return null;
  return estimated(1 - figure.value / base.value, `1 - figure ÷ base's at the same precision`);
}
