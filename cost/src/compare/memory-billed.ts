import { MEMORY_BASIS, containerMemoryMib, leastServerlessMb, weightsOf } from '../model/memory.js';
import { tokensPerSecond } from '../model/throughput.js';
import type { PriceBook } from '../price-book/book.js';
import type { Figure, Measurement, MemoryBilledRow, Question } from '../types.js';
import { estimated, highOf, lowOf } from './figures.js';
import { queueFor } from './fleet.js';

const COMPARED = ['base', 'turbo', 'tiny'] as const;

/** The variants where memory is what is billed: the least serverless size of each, and the question's work on it. */
export function memoryBilled(
  question: Question,
  book: PriceBook,
  measurements: readonly Measurement[],
): MemoryBilledRow[] {
  const rows = COMPARED.map((variant) => row({ ...question, variant }, book, measurements));
  const [base] = rows;
  return rows.map((each) => ({
    ...each,
    memorySavedAgainstBase: saved(each.usdPerSecond, base!.usdPerSecond),
    savedAgainstBase: saved(each.usdPerMillionDocuments, base!.usdPerMillionDocuments),
  }));
}

function row(question: Question, book: PriceBook, measurements: readonly Measurement[]): MemoryBilledRow {
  const { variant, precision, region } = question;
  const model = { variant, precision, weightsBytes: weightsOf(variant, precision) };
  const memoryMb = leastServerlessMb(model);
  const price = memoryMb === null ? null : book.usdPerServerlessSecondOrStandIn(memoryMb, region);
  const usdPerSecond = price?.usd ?? null;
  const seconds = memoryMb === null ? null : secondsPerQuery(question, memoryMb, measurements);
  const perMillion = usdPerSecond ? (usdPerSecond.value * 1e6) / question.documentsPerQuery : null;
  return {
    variant,
    precision,
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
  const work = question.documentsPerQuery * question.tokensPerPair * queueFor(question, measurements).alone;
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
