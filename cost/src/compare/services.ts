import { ranged, type PriceBook, type ServicePrice } from '../price-book/book.js';
import type { Figure, Question, ServiceOption } from '../types.js';
import { estimated, highOf, lowOf } from './figures.js';
import { perMillion } from './instance-options.js';
import { documentsPerMonth, queriesPerMonth } from './question.js';

/** What the same work costs at APIs that are billed per call or per token. */
export function serviceOptions(question: Question, book: PriceBook): ServiceOption[] {
  return book.services().map((service) => {
    const usdPerMonth = monthly(question, service);
    return {
      id: service.id,
      label: service.label,
      usdPerMonth,
      usdPerMillionDocuments: perMillion(usdPerMonth, question),
      notes: [
        'another model: quality differs, and latency is not predicted here',
        ...(service.note ? [service.note] : []),
      ],
    };
  });
}

function monthly(question: Question, service: ServicePrice): Figure {
  if (service.unit === 'query') {
    const price = ranged(service.usdPer1000, service);
    const units =
      queriesPerMonth(question) * Math.ceil(question.documentsPerQuery / service.documentsPerUnit);
    return bill(price, units / 1000, '1,000 queries');
  }
  const tokens = documentsPerMonth(question) * question.tokensPerPair;
  return bill(ranged(service.usdPerMillionTokens, service), tokens / 1e6, 'million tokens');
}

function bill(price: Figure, units: number, unit: string): Figure {
  const source = `${price.value} USD per ${unit} (${price.basis}: ${price.source}) x the month's traffic`;
  return estimated(price.value * units, source, lowOf(price) * units, highOf(price) * units);
}
