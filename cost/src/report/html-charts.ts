import type { EChartsOption } from 'echarts' with { 'resolution-mode': 'import' };
import { escapeHtml } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import type { Comparison, CostCurve, HostingOption } from '../types.js';
import { compactUsd, count, duration } from './format.js';

/** The chart library, for those who draw charts alone. @throws CostError where it is not installed. */
export async function loadCharts() {
  try {
    return (await import('echarts')).init;
  } catch {
    throw new CostError('the page with charts needs echarts: npm install echarts');
  }
}

type Init = Awaited<ReturnType<typeof loadCharts>>;

/** Looks that stay apart without colour: a symbol and a dash beside it. */
export interface Look {
  /** CSS colour: a variable of the page, which differs in dark mode. */
  readonly colour: string;
  readonly symbol: 'circle' | 'rect' | 'triangle' | 'diamond' | 'arrow';
  readonly dash: readonly number[];
}

interface Size {
  readonly name: 'wide' | 'narrow';
  readonly width: number;
  readonly height: number;
}

// Letters of an SVG shrink with it: a phone gets a drawing of its own.
const SIZES: readonly Size[] = [
  { name: 'wide', width: 1000, height: 460 },
  { name: 'narrow', width: 350, height: 400 },
];
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'arrow'] as const;
const DASHES = [[], [9, 5], [2, 4]] as const;
const COLOURS = 8;

export function lookOf(index: number): Look {
  return {
    colour: `var(--c${(index % COLOURS) + 1})`,
    symbol: SYMBOLS[index % SYMBOLS.length]!,
    dash: DASHES[Math.floor(index / SYMBOLS.length) % DASHES.length]!,
  };
}

/** Curves whose points are the same lie on one another: one line with all their labels. */
export function distinctCurves(curves: readonly CostCurve[]): { label: string; curve: CostCurve }[] {
  const byPoints = new Map<string, { label: string; curve: CostCurve }>();
  for (const curve of curves) {
    const key = JSON.stringify(
      curve.points.map(({ queriesPerSecond, usdPerMonth }) => [queriesPerSecond, usdPerMonth]),
    );
    const same = byPoints.get(key);
    byPoints.set(key, {
      label: same ? `${same.label} = ${curve.label}` : curve.label,
      curve: same?.curve ?? curve,
    });
  }
  return [...byPoints.values()];
}

/** Options that have both figures of the latency chart. */
export function plotted(options: readonly HostingOption[]): HostingOption[] {
  return options.filter(({ p95Ms, usdPerMonth }) => (p95Ms?.value ?? 0) > 0 && (usdPerMonth?.value ?? 0) > 0);
}

/** Those on the frontier, cheapest first as the options are: their places are the numbers in the chart. */
export function frontierOf(options: readonly HostingOption[]): HostingOption[] {
  return plotted(options).filter(({ onFrontier }) => onFrontier);
}

/** Monthly cost against load, both axes logarithmic: SVG in both sizes. */
export function costChart(start: Init, { curves, question }: Comparison): string {
  const title = 'Monthly cost against load';
  const points = curves.flatMap((curve) => curve.points);
  const loads = [question.queriesPerSecond, ...points.map((point) => point.queriesPerSecond)];
  const costs = points.map((point) => point.usdPerMonth);
  return draw(start, 'cost', title, (size) => ({
    ...frame(
      size,
      { title: 'queries a second', format: count, values: loads },
      { title: 'USD a month', format: compactUsd, values: costs },
    ),
    series: [
      ...distinctCurves(curves).map(({ label, curve }, i) => {
        const { colour, symbol, dash } = lookOf(i);
        return {
          type: 'line' as const,
          name: label,
          data: curve.points.map((point) => [point.queriesPerSecond, point.usdPerMonth]),
          symbol,
          symbolSize: (_value: unknown, { dataIndex }: { dataIndex: number }) =>
            (dataIndex + 2 * i) % 8 === 0 || dataIndex === curve.points.length - 1 ? 9 : 0,
          itemStyle: { color: colour },
          lineStyle: { color: colour, width: 2, type: dash.length > 0 ? [...dash] : ('solid' as const) },
        };
      }),
      mark('xAxis', question.queriesPerSecond, `asked: ${count(question.queriesPerSecond)}/s`),
    ],
  }));
}

/** p95 against monthly cost, both axes logarithmic, the frontier numbered with the intervals of its options. */
export function latencyChart(
  start: Init,
  { options, question }: Comparison,
  modes: readonly string[],
): string {
  const points = plotted(options);
  const frontier = frontierOf(options);
  const at = ({ usdPerMonth, p95Ms }: HostingOption): [number, number] => [usdPerMonth!.value, p95Ms!.value];
  return draw(start, 'latency', 'Latency against cost', (size) => ({
    ...frame(
      size,
      { title: 'USD a month', format: compactUsd, values: points.map((option) => at(option)[0]) },
      { title: 'p95', format: duration, values: [question.p95Ms, ...points.map((option) => at(option)[1])] },
    ),
    series: [
      ...modes.flatMap((mode, i) =>
        [true, false].map((meets) => {
          const { colour, symbol } = lookOf(i);
          return {
            type: 'scatter' as const,
            data: points.filter((option) => option.hosting === mode && option.meetsTarget === meets).map(at),
            symbol,
            // Modes often share a point: those below show around those above, real-time on top.
            symbolSize: (meets ? 9 : 6) + 3 * i,
            z: 2 + 0.1 * (modes.length - i),
            itemStyle: {
              color: meets ? colour : 'var(--card)',
              borderColor: colour,
              borderWidth: 1.5,
              opacity: meets ? 0.9 : 0.65,
            },
          };
        }),
      ),
      ...frontier.flatMap(({ usdPerMonth, p95Ms }) => {
        const [x, y] = [usdPerMonth!, p95Ms!];
        return [
          whisker([x.low ?? x.value, y.value], [x.high ?? x.value, y.value]),
          whisker([x.value, y.low ?? y.value], [x.value, y.high ?? y.value]),
        ];
      }),
      {
        type: 'line' as const,
        data: frontier.map(at),
        symbol: 'circle',
        symbolSize: 15,
        z: 5,
        itemStyle: { color: 'var(--text)' },
        lineStyle: { color: 'var(--text)', width: 2 },
        label: {
          show: true,
          position: 'inside' as const,
          color: 'var(--card)',
          fontSize: 10,
          fontWeight: 'bold' as const,
          formatter: ({ dataIndex }: { dataIndex: number }) => String(dataIndex + 1),
        },
      },
      mark('yAxis', question.p95Ms, `target ${duration(question.p95Ms)}`),
    ],
  }));
}

function whisker(from: readonly [number, number], to: readonly [number, number]) {
  return {
    type: 'line' as const,
    data: [[...from], [...to]],
    symbol: 'rect',
    symbolSize: 4,
    itemStyle: { color: 'var(--soft)' },
    lineStyle: { color: 'var(--soft)', width: 1.5 },
    z: 4,
  };
}

function mark(axis: 'xAxis' | 'yAxis', value: number, label: string) {
  return {
    type: 'line' as const,
    data: [],
    markLine: {
      symbol: 'none',
      silent: true,
      data: [{ [axis]: value }],
      lineStyle: { color: 'var(--soft)', type: [4, 4] },
      label: {
        formatter: label,
        color: 'var(--text)',
        position: axis === 'xAxis' ? ('end' as const) : ('insideEndTop' as const),
      },
    },
  };
}

interface Axis {
  readonly title: string;
  readonly format: (value: number) => string;
  /** What must lie on it. */
  readonly values: readonly number[];
}

function frame(
  { name }: Size,
  x: Axis,
  y: Axis,
): Pick<EChartsOption, 'animation' | 'grid' | 'textStyle' | 'xAxis' | 'yAxis'> {
  const wide = name === 'wide';
  const axis = ({ title, format, values }: Axis) => {
    const ticks = logTicks(values);
    return {
      type: 'log' as const,
      name: title,
      min: ticks[0]!,
      max: ticks.at(-1)!,
      nameTextStyle: { color: 'var(--text)', fontSize: 13 },
      axisLine: { show: true, lineStyle: { color: 'var(--line)' } },
      axisTick: { customValues: ticks },
      axisLabel: {
        color: 'var(--soft)',
        fontSize: wide ? 13 : 11,
        formatter: format,
        hideOverlap: true,
        customValues: ticks,
      },
      splitLine: { show: true, lineStyle: { color: 'var(--line)' } },
    };
  };
  return {
    animation: false,
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: wide ? 76 : 58, right: wide ? 30 : 20, top: 48, bottom: 52 },
    xAxis: { ...axis(x), nameLocation: 'middle', nameGap: 32 },
    yAxis: {
      ...axis(y),
      nameTextStyle: { color: 'var(--text)', fontSize: 13, align: 'left', padding: [0, 0, 6, -40] },
    },
  };
}

/** Powers of ten that enclose the positive values; with 2 and 5 between them where they are few. */
export function logTicks(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0);
  const least = Math.min(...positive);
  const most = Math.max(...positive);
  const steps = most / least > 1000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  // One below, as the logarithm may round up.
  for (let power = Math.floor(Math.log10(least)) - 1; ; power += 1) {
    for (const step of steps) {
      // Not a product: 3 x 0.1 is not 0.3.
      const tick = Number(`${step}e${power}`);
      if (tick <= least) ticks.length = 0;
      ticks.push(tick);
      if (tick >= most && ticks.length > 1) return ticks;
    }
  }
}

function draw(start: Init, id: string, title: string, option: (size: Size) => unknown): string {
  return SIZES.map((size) => {
    const { name, width, height } = size;
    const chart = start(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      chart.setOption(option(size) as EChartsOption);
      const svg = chart.renderToSVGString();
      const label = `role="img" aria-label="${escapeHtml(title)}" class="${name}" data-chart="${id}"`;
      // The page's width decides, not the drawing's own.
      return svg
        .replace(/^<svg width="\d+" height="\d+"/, `<svg ${label}`)
        .replace(/>/, `><title>${escapeHtml(title)}</title>`);
    } finally {
      chart.dispose();
    }
  }).join('');
}
