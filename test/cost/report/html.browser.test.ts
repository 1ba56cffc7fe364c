import { renderHtml } from '../../../cost/src/report/html.js';
import { PageFile } from '../../support/browser.js';
import { comparisonOf } from './comparison.js';

let file: PageFile;
const comparison = comparisonOf();

beforeAll(async () => {
  file = await PageFile.write(await renderHtml([comparison]));
});
afterAll(() => file.close());

test.each([
  ['desktop', 1280, 'wide', 'light'],
  ['phone', 390, 'narrow', 'light'],
  ['phone in dark mode', 390, 'narrow', 'dark'],
] as const)(
  'on a %s the page is quiet, fits, and shows both charts and all rows',
  async (_name, width, drawing, colorScheme) => {
    const { page, faults, requests } = await file.open(width, colorScheme);

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const shown = page.locator('figure > svg:visible');
    expect(await shown.count()).toBe(2);
    for (const chart of ['cost', 'latency']) {
      const svg = page.locator(`svg.${drawing}[data-chart=${chart}]`);
      const box = await svg.boundingBox();
      expect(box!.width).toBeGreaterThan(0.8 * width - 60);
      expect(box!.x + box!.width).toBeLessThanOrEqual(width);
      expect(await svg.locator('title').first().textContent()).not.toBe('');
    }
    // A line for each curve, and a mark for each option that has both figures.
    const painted = (chart: string, colour: string): Promise<unknown> =>
      page.evaluate(
        `[...document.querySelectorAll('svg.${drawing}[data-chart=${chart}] path')].filter((path) => {
          const { width, height } = path.getBoundingClientRect();
          const uses = path.getAttribute('fill') === '${colour}' || path.getAttribute('stroke') === '${colour}';
          return uses && width + height > 4;
        }).length`,
      );
    expect(await painted('cost', 'var(--c1)')).toBeGreaterThan(1);
    expect(await painted('cost', 'var(--c2)')).toBeGreaterThan(1);
    expect(await painted('latency', 'var(--c1)')).toBe(3);
    expect(await painted('latency', 'var(--c2)')).toBe(1);
    // Colours come from the page's variables, or the marks would be black in dark mode too.
    const stroke = await page.evaluate(
      `getComputedStyle(document.querySelector('svg.${drawing}[data-chart=cost] path[stroke="var(--c1)"]')).stroke`,
    );
    expect(stroke).toBe(colorScheme === 'dark' ? 'rgb(109, 179, 255)' : 'rgb(11, 98, 184)');

    const rows = await page
      .locator('tr[data-row]')
      .evaluateAll((found) => found.map((row) => row.getAttribute('data-row')));
    const meeting = comparison.options.filter(({ meetsTarget }) => meetsTarget);
    const failing = comparison.options.filter(({ meetsTarget }) => !meetsTarget);
    expect(rows).toEqual([
      ...[...meeting, ...failing].map(({ id }) => id),
      ...comparison.services.map(({ id }) => `service:${id}`),
      ...comparison.accelerators.map(({ instanceType }) => `accelerator:${instanceType}`),
      ...comparison.memoryBilled.map(({ model, precision }) => `memory:${model}-${precision}`),
    ]);
    expect(await page.locator('table:not(:has(caption))').count()).toBe(0);
    expect(requests).toEqual([file.address]);
    expect(faults).toEqual([]);
    await page.close();
  },
);
