import type { Comparison, Figure } from '../types.js';

const FIGURES = [
  'instances',
  'utilisation',
  'capacityTokensPerSecond',
  'p95Ms',
  'usdPerMonth',
  'usdPerMillionDocuments',
  'memoryHeadroomMib',
] as const;

/** The comparison's options and services as CSV, RFC 4180: a figure has columns for value, low, high and basis. */
export function comparisonCsv(comparisons: readonly Comparison[]): string {
  const rows = [header(), ...comparisons.flatMap(rowsOf)];
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function header(): string[] {
  return [
    ...[
      'kind',
      'id',
      'hosting',
      'model',
      'precision',
      'instance_type',
      'memory_mb',
      'meets_target',
      'on_frontier',
      'price_region',
      'cheapest',
      'queries_per_second',
      'region',
    ],
    ...FIGURES.flatMap((name) => {
      const column = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [column, `${column}_low`, `${column}_high`, `${column}_basis`];
    }),
    ...['reasons', 'notes'],
  ];
}

function rowsOf({ options, services, cheapest, question }: Comparison): Cell[][] {
  const { queriesPerSecond, region } = question;
  const hosted = options.map((option) => [
    ...['hosting', option.id, option.hosting, option.model, option.precision],
    ...[option.instanceType, option.memoryMb, option.meetsTarget, option.onFrontier],
    ...[option.priceRegion, option.id === cheapest, queriesPerSecond, region],
    ...FIGURES.flatMap((name) => columns(option[name])),
    ...[option.reasons.join('; '), option.notes.join('; ')],
  ]);
  const sold = services.map((service) => [
    ...[
      'service',
      service.id,
      null,
      null,
      null,
      null,
      null,
      null,
      null,
      null,
      false,
      queriesPerSecond,
      region,
    ],
    ...FIGURES.flatMap((name) =>
      columns(name === 'usdPerMonth' || name === 'usdPerMillionDocuments' ? service[name] : null),
    ),
    ...['', service.notes.join('; ')],
  ]);
  return [...hosted, ...sold];
}

type Cell = string | number | boolean | null;

/** An empty cell where there is no figure: never a 0. */
function columns(figure: Figure | null): Cell[] {
  if (!figure) return [null, null, null, null];
  return [figure.value, figure.low ?? null, figure.high ?? null, figure.basis];
}

/** Quoted where RFC 4180 asks for it: commas, quotes and line breaks. */
function cell(value: Cell): string {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
