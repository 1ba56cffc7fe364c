import { evaluate } from '../../evaluation/src/evaluate.js';
import { formatHtml } from '../../evaluation/src/report-html.js';
import { PageFile } from '../support/browser.js';

const ids = ['d1', 'd2', 'd3'];
const queries = Array.from({ length: 12 }, (_, i) => `q${i}`);
const ranked = ids.map((id, i) => ({ id, score: 3 - i }));
const collection = {
  name: 'a-collection-with-a-rather-long-name-of-one-word',
  documents: new Map(ids.map((id) => [id, { id, text: id }])),
  queries: new Map(queries.map((id) => [id, id])),
  qrels: new Map(queries.map((id, i) => [id, new Map([[i === 0 ? 'd1' : 'd3', 1]])])),
  faults: [],
};

let file: PageFile;
beforeAll(async () => {
  const firstStage = { name: 'BM25', run: new Map(queries.map((id) => [id, ranked])) };
  const byDigit = {
    name: 'a-student-of-ours',
    rerank: async (_: string, documents: readonly { id: string }[]) =>
      documents.map(({ id }) => Number(id.slice(1))),
  };
  file = await PageFile.write(formatHtml((await evaluate(collection, [firstStage], [byDigit]))[0]));
});
afterAll(() => file.close());

test.each([
  ['desktop', 1280, 'light'],
  ['phone', 390, 'light'],
  ['phone in dark mode', 390, 'dark'],
] as const)(
  'on a %s the page is quiet, fits, and its chart is readable',
  async (_name, width, colorScheme) => {
    const { page, faults, requests } = await file.open(width, colorScheme);

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    const chart = (await page.locator('svg').boundingBox())!;
    expect(chart.width).toBeGreaterThan(0.8 * width - 60);
    const texts = await page.locator('svg text:visible').all();
    const boxes = await Promise.all(texts.map(async (text) => (await text.boundingBox())!));
    expect(boxes.length).toBeGreaterThan(5);
    for (const [i, box] of boxes.entries()) {
      expect(box.height).toBeGreaterThan(11);
      expect(box.x).toBeGreaterThanOrEqual(chart.x - 1);
      expect(box.x + box.width).toBeLessThanOrEqual(chart.x + chart.width + 1);
      // No text lies over another.
      for (const other of boxes.slice(i + 1)) {
        const apart = box.x + box.width <= other.x || other.x + other.width <= box.x;
        expect(apart || box.y + box.height <= other.y || other.y + other.height <= box.y).toBe(true);
      }
    }
    // Colours come from the page's variables, or the marks would be black in dark mode too.
    const fill = await page.evaluate('getComputedStyle(document.querySelector("svg circle")).fill');
    expect(fill).toBe(colorScheme === 'dark' ? 'rgb(76, 195, 138)' : 'rgb(11, 122, 75)');
    expect(requests).toEqual([file.address]);
    expect(faults).toEqual([]);
    await page.close();
  },
);
