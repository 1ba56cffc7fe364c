import { VARIANTS, escapeHtml as text, htmlPage } from '@sagemaker-reranker/models';
import { HOSTING_MODES, type Comparison, type HostingOption } from '../types.js';
import { count, counted, duration, percent, usd } from './format.js';
import {
  costChart,
  distinctCurves,
  frontierOf,
  latencyChart,
  loadCharts,
  lookOf,
  plotted,
  type Look,
} from './html-charts.js';
import { STYLE } from './html-style.js';
import { figure } from './html-text.js';
import { comparisonMarkdown, standIn } from './markdown.js';
import { alike, headline, noHeadline, questionCommand, questionLink, questionText } from './rows.js';

type Charts = Awaited<ReturnType<typeof loadCharts>>;

/** Copies the Markdown; where a page may not, it is selected, so that the keyboard copies it. */
const SCRIPT = `document.getElementById('copy').addEventListener('click',async event=>{
const area=document.getElementById('markdown');
try{await navigator.clipboard.writeText(area.value);event.target.textContent='Copied'}
catch{area.closest('details').open=true;area.select();event.target.textContent='Selected: press Ctrl+C'}});`;

/**
 * Comparisons as one HTML page that needs no other file and no network. Its one script copies text.
 * @throws CostError where the chart library is not installed.
 */
export async function renderHtml(comparisons: readonly Comparison[]): Promise<string> {
  const charts = await loadCharts();
  const questions = comparisons.map(({ question }) => question);
  const [first] = comparisons as [Comparison, ...Comparison[]];
  const models = [...new Set(questions.map(({ model }) => model.name))];
  const title = `What hosting ${models.join(' or ')} costs`;
  const link = `#${questionLink(questions)}`;
  const body = [
    comparisons.length > 1 ? sideBySide(comparisons) : '',
    ...comparisons.map((comparison, i) => whole(charts, comparison, i, comparisons.length > 1)),
    section(
      'Take it along',
      `<p><a href="${text(link)}">A link to this page with its question</a>; <code>reranker cost compare --link '…'</code> asks it again, and so does</p><pre class="scroll" tabindex="0">${text(questionCommand(questions))}</pre><p><button id="copy" type="button">Copy as Markdown</button></p><details><summary>Markdown for a ticket</summary><textarea id="markdown" readonly rows="12" aria-label="Markdown for a ticket">${text(comparisonMarkdown(comparisons))}</textarea></details>`,
    ),
    section(
      'Where the numbers come from',
      `<p>Each number says where it comes from: <b>measured</b> in a run of the container, <b>list price</b> as its seller publishes it, <b>estimated</b> everything else, assumptions among it, with its interval where one is known. Made ${text(first.date.slice(0, 10))}.</p><h3>Prices</h3><p>${text(first.priceBook.description)}</p><h3>Calibrated on</h3>${list(first.calibration)}` +
        (first.gaps.length > 0 ? `<h3>Prices that are not known</h3>${list(first.gaps)}` : '') +
        `<h3>What holds for every row</h3>${list(first.notes)}`,
    ),
  ];
  return htmlPage({ title, style: STYLE, body, script: SCRIPT });
}

/** Several questions in one table, with the quality of the variants. Figures come first: a phone shows no more without scrolling. */
function sideBySide(comparisons: readonly Comparison[]): string {
  return section(
    'Side by side',
    table(
      'The answer to each question',
      ['question', 'USD a month', 'p95', 'quality', 'option'],
      comparisons.map((comparison, i) => {
        const { model, queriesPerSecond } = comparison.question;
        const found = headline(comparison);
        return {
          id: `question:${i}`,
          cells: [
            `<a href="#question-${i}">${text(`${model.name} ${model.precision} at ${count(queriesPerSecond)} queries/s`)}</a>`,
            found ? figure(found.option.usdPerMonth, usd) : '',
            found ? figure(found.option.p95Ms, duration) : '',
            qualityOf(model),
            found ? text(found.option.label + standIn(found.option, comparison.question.region)) : 'none',
          ],
        };
      }),
    ),
  );
}

function qualityOf({ variant }: Comparison['question']['model']): string {
  const published = variant && VARIANTS[variant].published;
  return published
    ? `${published.beirNdcg10}<small>NDCG@10 over BEIR, as published</small>`
    : 'not published';
}

function whole(charts: Charts, comparison: Comparison, index: number, several: boolean): string {
  const { question, options, services, memoryBilled, accelerators, curves } = comparison;
  const meets = alike(options.filter(({ meetsTarget }) => meetsTarget));
  const fails = alike(options.filter(({ meetsTarget }) => !meetsTarget));
  const modes = HOSTING_MODES.filter((mode) => plotted(options).some(({ hosting }) => hosting === mode));
  return [
    several
      ? `<h2 id="question-${index}">${text(`${question.model.name} ${question.model.precision} at ${counted(question.queriesPerSecond, 'query', 'queries')} a second`)}</h2>`
      : '',
    `<p>${text(questionText(question))}</p>`,
    answer(comparison),
    section(
      'Cost against load',
      curves.length === 0
        ? '<p>No option has a cost curve.</p>'
        : `<figure>${costChart(charts, comparison)}<figcaption>${legend(
            distinctCurves(curves).map(({ label }, i) => ({ label, look: lookOf(i), line: true })),
          )}<p class="soft">All curves are estimated. Both axes are logarithmic. A curve ends where the option cannot carry the load.</p></figcaption></figure>`,
    ),
    section(
      'Latency against cost',
      plotted(options).length === 0
        ? '<p>No option has both a latency and a price.</p>'
        : `<figure>${latencyChart(charts, comparison, modes)}<figcaption>${legend(
            modes.map((mode, i) => ({ label: mode, look: lookOf(i), line: false })),
          )}<p class="soft">Filled marks meet the target, hollow ones do not; modes that cost and take the same lie in one another. Both axes are logarithmic. The numbered line is the frontier: nothing that meets the target is both cheaper and faster. Its whiskers are intervals. Every point is estimated unless the table says otherwise.</p>${frontierList(options)}</figcaption></figure>`,
    ),
    section(
      `Options that meet the target (${meets.length})`,
      optionTable('Hosting options that meet the target, cheapest first', meets, question.region),
    ),
    section(
      `Options that do not (${fails.length})`,
      optionTable('Hosting options that miss the target, with the reason', fails, question.region),
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
      'GPUs and Inferentia',
      `<p>This container runs on CPUs alone: it would leave an accelerator idle. The smallest instances with one cost, for a whole month:</p>${table(
        'Instances with an accelerator',
        ['instance type', 'USD a month'],
        accelerators.map(({ instanceType, usdPerMonth, priceRegion }) => ({
          id: `accelerator:${instanceType}`,
          cells: [
            text(instanceType + (priceRegion === question.region ? '' : ` (price of ${priceRegion})`)),
            figure(usdPerMonth, usd),
          ],
        })),
      )}<p class="soft">A container made for them is worth a look where the CPU fleet above costs several times as much.</p>`,
    ),
    section(
      'Billed by memory',
      table(
        'The models on serverless endpoints',
        [
          'model',
          'needs',
          'memory',
          'USD a second',
          'saved by memory',
          'seconds a query',
          'USD per million documents',
          'saved against base',
        ],
        memoryBilled.map((row) => ({
          id: `memory:${row.model}-${row.precision}`,
          cells: [
            text(`${row.model} ${row.precision}`),
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
  ].join('\n');
}

function answer(comparison: Comparison): string {
  const found = headline(comparison);
  if (!found) return `<p class="answer">${text(noHeadline(comparison))}</p>`;
  const { label, instances, usdPerMonth, p95Ms, notes } = found.option;
  const slow = notes.filter((note) => note.startsWith('at the slow end'));
  return `<dl class="answer"><div><dt>${text(found.words)}</dt><dd>${text(label)}</dd></div><div><dt>instances</dt><dd>${figure(instances, count)}</dd></div><div><dt>a month</dt><dd>${figure(usdPerMonth, usd)}</dd></div><div><dt>p95</dt><dd>${figure(p95Ms, duration)}</dd></div></dl>${slow.map((note) => `<p>${text(note)}.</p>`).join('')}`;
}

function optionTable(caption: string, options: readonly HostingOption[], region: string): string {
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
      `${text(option.label)}<small>${text(`${option.model} ${option.precision}${standIn(option, region)}`)}${option.onFrontier ? ', on the frontier' : ''}</small>`,
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
