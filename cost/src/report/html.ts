import { HOSTING_MODES, type Comparison, type HostingOption } from '../types.js';
import {
  costChart,
  distinctCurves,
  frontierOf,
  latencyChart,
  lookOf,
  plotted,
  type Look,
} from './html-charts.js';
import { STYLE } from './html-style.js';
import { count, duration, escapeHtml as text, figure, percent, usd } from './html-text.js';

/** The comparison as one HTML page that needs no other file, no network and no script. */
export function renderHtml(comparison: Comparison): string {
  const { question, options, services, memoryBilled, curves, gaps, notes, calibration, priceBook } =
    comparison;
  const { variant, precision, region, duty } = question;
  const title = `What hosting ${variant} costs`;
  const meets = options.filter(({ meetsTarget }) => meetsTarget);
  const fails = options.filter(({ meetsTarget }) => !meetsTarget);
  const modes = HOSTING_MODES.filter((mode) => plotted(options).some(({ hosting }) => hosting === mode));
  const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="color-scheme" content="light dark">`,
    `<title>${text(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${text(title)}</h1>`,
    `<p>${text(`${precision} weights in ${region}: ${count(question.queriesPerSecond)} queries a second of ${count(question.documentsPerQuery)} documents with ${count(question.tokensPerPair)} tokens each; 95 % of them within ${duration(question.p95Ms)}; traffic ${duty.name}, ${count(duty.hoursPerMonth)} hours a month.`)}</p>`,
    answer(meets),
    `<p class="soft">Each number says where it comes from: <b>measured</b> in a run of the container, <b>list price</b> as its seller publishes it, <b>estimated</b> everything else, assumptions among it, with its interval where one is known. Made ${text(comparison.date.slice(0, 10))}.</p>`,
    section(
      'Cost against load',
      curves.length === 0
        ? '<p>No option has a cost curve.</p>'
        : `<figure>${costChart(comparison)}<figcaption>${legend(
            distinctCurves(curves).map(({ label, curve }, i) => ({
              label: `${label} (${curve.basis})`,
              look: lookOf(i),
              line: true,
            })),
          )}<p class="soft">Both axes are logarithmic. A curve ends where the option cannot carry the load.</p></figcaption></figure>`,
    ),
    section(
      'Latency against cost',
      plotted(options).length === 0
        ? '<p>No option has both a latency and a price.</p>'
        : `<figure>${latencyChart(comparison, modes)}<figcaption>${legend(
            modes.map((mode, i) => ({ label: mode, look: lookOf(i), line: false })),
          )}<p class="soft">Filled marks meet the target, hollow ones do not; modes that cost and take the same lie in one another. Both axes are logarithmic. The numbered line is the frontier: nothing that meets the target is both cheaper and faster. Its whiskers are intervals. Every point is estimated unless the table says otherwise.</p>${frontierList(options)}</figcaption></figure>`,
    ),
    section(
      `Options that meet the target (${meets.length})`,
      optionTable('Hosting options that meet the target, cheapest first', meets),
    ),
    section(
      `Options that do not (${fails.length})`,
      optionTable('Hosting options that miss the target, with the reason', fails),
    ),
    section(
      'The same work at APIs',
      table(
        'Rerank services with models of their own',
        ['service', 'USD a month', 'USD per million documents', 'notes'],
        services.map(({ id, label, usdPerMonth, usdPerMillionDocuments, notes: own }) => ({
          id: `service:${id}`,
          cells: [text(label), figure(usdPerMonth, usd), figure(usdPerMillionDocuments, usd), list(own)],
        })),
      ),
    ),
    section(
      'Billed by memory',
      table(
        'The variants on serverless endpoints',
        [
          'variant',
          'needs',
          'memory',
          'USD a second',
          'saved by memory',
          'seconds a query',
          'USD per million documents',
          'saved against base',
        ],
        memoryBilled.map((row) => ({
          id: `memory:${row.variant}-${row.precision}`,
          cells: [
            text(`${row.variant} ${row.precision}`),
            figure(row.neededMib, (mib) => `${count(mib)} MiB`),
            row.memoryMb === null ? 'none is large enough' : `${count(row.memoryMb)} MB`,
            figure(row.usdPerSecond, usd),
            figure(row.memorySavedAgainstBase, percent),
            figure(row.secondsPerQuery, (seconds) => duration(1000 * seconds)),
            figure(row.usdPerMillionDocuments, usd),
            figure(row.savedAgainstBase, percent),
          ],
        })),
      ),
    ),
    section(
      'Where the numbers come from',
      `<h3>Prices</h3><p>${text(priceBook.description)}</p><h3>Calibrated on</h3>${list(calibration)}` +
        (gaps.length > 0 ? `<h3>Prices that are not known</h3>${list(gaps)}` : '') +
        `<h3>What holds for every row</h3>${list(notes)}`,
    ),
    '</main></body></html>\n',
  ].join('\n');
}

function answer([cheapest]: readonly HostingOption[]): string {
  if (!cheapest)
    return '<p class="answer">No option meets the target; the table says what each would need.</p>';
  const { label, instances, usdPerMonth, p95Ms } = cheapest;
  return `<dl class="answer"><div><dt>cheapest</dt><dd>${text(label)}</dd></div><div><dt>instances</dt><dd>${figure(instances, count)}</dd></div><div><dt>a month</dt><dd>${figure(usdPerMonth, usd)}</dd></div><div><dt>p95</dt><dd>${figure(p95Ms, duration)}</dd></div></dl>`;
}

function optionTable(caption: string, options: readonly HostingOption[]): string {
  const headings = [
    'option',
    'instances',
    'utilisation',
    'p95',
    'USD a month',
    'USD per million documents',
    'memory free',
    'notes',
  ];
  const rows = options.map((option) => ({
    id: option.id,
    cells: [
      `${text(option.label)}<small>${text(`${option.variant} ${option.precision}`)}${option.onFrontier ? ', on the frontier' : ''}</small>`,
      figure(option.instances, count),
      figure(option.utilisation, percent),
      figure(option.p95Ms, duration),
      figure(option.usdPerMonth, usd),
      figure(option.usdPerMillionDocuments, usd),
      figure(option.memoryHeadroomMib, (mib) => `${count(mib)} MiB`),
      list([...option.reasons, ...option.notes]),
    ],
  }));
  return options.length === 0 ? '<p>None.</p>' : table(caption, headings, rows);
}

/** Cells are HTML; captions and headings are text. */
function table(
  caption: string,
  headings: readonly string[],
  rows: readonly { readonly id: string; readonly cells: readonly string[] }[],
): string {
  const head = headings.map((heading) => `<th scope="col">${text(heading)}</th>`).join('');
  const body = rows.map(({ id, cells: [first, ...rest] }) => {
    const others = rest.map((cell) => `<td>${cell}</td>`).join('');
    return `<tr data-row="${text(id)}"><th scope="row">${first}</th>${others}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${text(caption)}"><table><caption><span>${text(caption)}</span></caption><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

function frontierList(options: readonly HostingOption[]): string {
  const items = frontierOf(options).map(
    ({ label, usdPerMonth, p95Ms }) =>
      `<li>${text(label)}: ${text(`${usd(usdPerMonth!.value)} a month (${usdPerMonth!.basis}), p95 ${duration(p95Ms!.value)} (${p95Ms!.basis})`)}</li>`,
  );
  return items.length === 0 ? '' : `<ol class="frontier">${items.join('')}</ol>`;
}

function legend(entries: readonly { label: string; look: Look; line: boolean }[]): string {
  const shapes = {
    circle: '<circle cx="14" cy="8" r="5"/>',
    rect: '<rect x="9" y="3" width="10" height="10"/>',
    triangle: '<path d="M14 2l6 11H8z"/>',
    diamond: '<path d="M14 1l6 7-6 7-6-7z"/>',
    arrow: '<path d="M14 2l5 12-5-4-5 4z"/>',
  };
  const items = entries.map(({ label, look: { colour, dash, symbol }, line }) => {
    const stroke = line
      ? `<path d="M0 8h28" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash.join(' ')}" fill="none"/>`
      : '';
    return `<li><svg viewBox="0 0 28 16" width="28" height="16" aria-hidden="true" fill="${colour}">${stroke}${shapes[symbol]}</svg><span>${text(label)}</span></li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${text(title)}</h2>${body}</section>`;
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${text(item)}</li>`).join('')}</ul>`;
}
