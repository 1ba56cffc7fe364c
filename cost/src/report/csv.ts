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
export function comparisonCsv({ options, services }: Comparison): string {
  const header = [
    ...[
      'kind',
      'id',
      'hosting',
      'variant',
      'precision',
      'instance_type',
      'memory_mb',
      'meets_target',
      'on_frontier',
    ],
    ...FIGURES.flatMap((name) => {
      const column = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      return [column, `${column}_low`, `${column}_high`, `${column}_basis`];
    }),
    ...['reasons', 'notes'],
  ];
  const hosted = options.map((option) => [
    ...['hosting', option.id, option.hosting, option.variant, option.precision],
    ...[option.instanceType, option.memoryMb, option.meetsTarget, option.onFrontier],
    ...FIGURES.flatMap((name) => columns(option[name])),
    ...[option.reasons.join('; '), option.notes.join('; ')],
  ]);
  const sold = services.map((service) => [
    ...['service', service.id, null, null, null, null, null, null, null],
    ...FIGURES.flatMap((name) =>
      columns(name === 'usdPerMonth' || name === 'usdPerMillionDocuments' ? service[name] : null),
    ),
    ...['', service.notes.join('; ')],
  ]);
  return [header, ...hosted, ...sold].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
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
