import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { demoPassages } from '../../cli/src/demo/questions.js';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { launchBrowser } from '../support/browser.js';
import { CLI, reranker } from '../support/cli.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 180_000;
jest.setTimeout(DEADLINE_MS);

let local: ChildProcess;
let url: string;
let browser: Browser;
let directory: string;

function start(
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly url: string; readonly said: string }> {
  const child = spawn(process.execPath, [CLI, 'local', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += String(chunk);
      const [, found] = /Runtime API at (http:\/\/127\.0\.0\.1:\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve({ child, url: found, said });
    });
    child.on('exit', () => reject(new Error(`reranker local ended: ${said}`)));
  });
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'playground-'));
  const other = path.join(directory, 'other');
  await cp(embeddedModelDirectory(), other, { recursive: true });
  [{ child: local, url }, browser] = await Promise.all([
    start(['--model', embeddedModelDirectory(), '--model', other]),
    launchBrowser(),
  ]);
}, DEADLINE_MS);
afterAll(async () => {
  await browser.close();
  const ended = new Promise((resolve) => local.on('exit', resolve));
  local.kill('SIGTERM');
  expect(await ended).toBe(0);
  await rm(directory, { recursive: true, force: true });
}, DEADLINE_MS);

interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly faults: string[];
}

/** The page with its first ranking, and all it complains of. */
async function open(width = 1280, colorScheme: 'light' | 'dark' = 'light', fragment = ''): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url()))
      faults.push(`asks ${request.url()}`);
  });
  await page.goto(`${url}/${fragment}`);
  await page.getByText('documents ranked.').waitFor();
  return { context, page, faults };
}

const link = (state: object): string => `#${deflateRawSync(JSON.stringify(state)).toString('base64url')}`;

const texts = (page: Page, order: number): Promise<string[]> =>
  page.locator('.order').nth(order).locator('.text').allTextContents();

async function violations(page: Page): Promise<string[]> {
  // Into the page's own world, past its policy, as a browser's extension would.
  await page.evaluate(await readFile(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations: found } = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] })',
  )) as {
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`);
}

it('opens with a ranking, shows both orders of two models, and asks nobody else', async () => {
  const { context, page, faults } = await open();
  expect(await page.locator('.order h2').allTextContents()).toEqual([
    'BM25',
    'BM25 + embedded',
    'BM25 + other',
  ]);
  expect(await texts(page, 0)).toHaveLength(10);
  expect(await page.locator('svg.moves path').count()).toBeGreaterThan(10);
  const bytes = await page.evaluate<number>(
    'performance.getEntriesByType("resource").filter((e) => /\\.(js|css)$/.test(e.name)).reduce((sum, e) => sum + e.encodedBodySize, 0)',
  );
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(300_000);
  expect(faults).toEqual([]);
  await context.close();
});

it.each([
  [1280, 'light'],
  [1280, 'dark'],
  [390, 'light'],
  [390, 'dark'],
] as const)(
  'at %i pixels, %s, nothing overflows and axe finds no fault, whatever is open',
  async (width, scheme) => {
    const { context, page, faults } = await open(width, scheme);
    await page.locator('.order:visible .judge').first().click();
    for (const summary of await page.locator('details.card > summary').all()) await summary.click();
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('The cheapest that meet it').waitFor();
    await page.locator('details.operation').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await violations(page)).toEqual([]);
    await page.locator('.order:visible .text').first().click();
    await page.getByText('reads all of it').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  },
);

it('moves with the weight: at 0 the order of BM25, at 1 that of the model', async () => {
  const { context, page } = await open();
  await page.getByRole('slider').fill('0');
  expect(await texts(page, 1)).toEqual(await texts(page, 0));
  await page.getByRole('slider').fill('1');
  expect(await page.locator('.order h2').nth(1).textContent()).toBe('embedded');
  expect(await texts(page, 1)).not.toEqual(await texts(page, 0));
  await context.close();
});

it('measures what is marked, keeps all in its address, and exports what `eval beir` reads', async () => {
  const { context, page } = await open();
  const judges = page.locator('.order').nth(0).locator('.judge');
  const measured = () => page.locator('.measures tbody td').allTextContents();
  // The sample's answer is marked, third by words; with the second, too: ideal is 1 + 1 / log2(3).
  expect((await measured())[0]).toBe('0.500');
  await judges.nth(1).click();
  expect((await measured())[0]).toBe('0.693');
  await judges.nth(2).click();
  // Second place: 1 / log2(3), and 1 / 2.
  const [columns, values] = [await page.locator('.measures thead th').allTextContents(), await measured()];
  expect(columns).toEqual(['BM25', 'embedded', 'other', 'BM25 + embedded', 'BM25 + other']);
  expect([values[0], values[5]]).toEqual(['0.631', '0.500']);
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: /Export judgements/ }).click();
  const files = unzipSync(await readFile(await (await downloading).path()));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  const { code, stdout } = await reranker(['eval', 'beir', path.join(directory, 'playground')]);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/BM25 +0\.6309/) as string]);
  await until(() => new URL(page.url()).hash.length > 100);
  // A line before all others gives each its neighbour's number; the mark stays with the text.
  const marked = page.locator('.order').nth(0).locator('.hit .text');
  const text = await marked.textContent();
  await page.locator('#documents').fill(`a new first line\n${await page.locator('#documents').inputValue()}`);
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('49 documents ranked.').waitFor();
  expect(await marked.allTextContents()).toEqual([text]);
  const again = await open(1280, 'light', await page.evaluate<string>('location.hash'));
  expect(
    await again.page.locator('.order').nth(0).locator('.judge').nth(1).getAttribute('aria-pressed'),
  ).toBe('true');
  expect(await again.page.locator('#query').inputValue()).toBe(await page.locator('#query').inputValue());
  await again.context.close();
  await context.close();
});

it('works by keyboard alone', async () => {
  const { context, page } = await open();
  await page.locator('#query').focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('which bread keeps fresh');
  await page.keyboard.press('Enter');
  await page.locator('.order').nth(1).getByText('Sourdough bread').waitFor();
  const judge = page.locator('.order').nth(1).locator('.judge').first();
  await judge.focus();
  await page.keyboard.press('Space');
  expect(await judge.getAttribute('aria-pressed')).toBe('true');
  await page.locator('.order').nth(1).locator('.text').first().focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await context.close();
});

it('takes files of each kind, and says what is wrong with others', async () => {
  const { context, page } = await open();
  const drop = async (name: string, content: string | Buffer): Promise<void> =>
    page
      .locator('input[type=file]')
      .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(content) });
  const field = page.locator('#documents');
  await drop('a.jsonl', '{"title":"T","text":"one"}\n"two"\n');
  // Asked from outside: an expression in the page, asked a second time, would be refused by the page's own policy.
  const shows = (text: string): Promise<void> => until(async () => (await field.inputValue()) === text);
  await shows('T. one\ntwo');
  await drop('b.csv', 'id,text\n1,"a, ""quoted"" cell"\n2,plain\n');
  await shows('a, "quoted" cell\nplain');
  await drop('c.md', '# Title\n\nA paragraph\nof two lines.\n');
  await shows('# Title\nA paragraph of two lines.');
  await drop('u.txt', Buffer.from('eins\nzwei\n', 'utf16le'));
  await shows('eins\nzwei');
  for (const [name, content, said] of [
    ['d.jsonl', '{"text":"fine"}\nnot json\n', 'd.jsonl, line 2 is not JSON'],
    ['d.jsonl', '{"name":"none"}\n', 'd.jsonl, line 1 has no "text"'],
    ['e.txt', Buffer.from([0, 1, 2, 0, 0, 7]), 'e.txt is binary'],
    ['e.txt', Buffer.from('Stra\u00dfe', 'latin1'), 'e.txt is no text in UTF-8'],
    ['f.pdf', '%PDF-1.4', 'f.pdf is a PDF: rank its text'],
    ['g.csv', 'id,text\n1,"closed" and more\n2,x\n', 'g.csv, row 2: a quoted cell is not closed'],
    ['h.txt', 'line\n'.repeat(10_001), 'h.txt has 10,001 documents; the page takes 10,000'],
    ['i.txt', Buffer.alloc(50_000_001, 'a\n'), 'i.txt has 50 MB; the page takes 50'],
    ['j.txt', '\n', 'j.txt has no text'],
  ] as const) {
    await drop(name, content);
    await page.getByText(said).waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  }
  expect(await field.inputValue()).toBe('eins\nzwei');
  await drop('k.jsonl', '{"id":"a","text":"one of two"}\n{"id":"a","text":"two of two"}\n');
  await shows('one of two\ntwo of two');
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('2 documents ranked.').waitFor();
  await page.locator('.order').first().locator('.judge').first().click();
  expect(await page.locator('.order').first().locator('.hit').count()).toBe(1);
  await context.close();
});

it('ranks 10,000 documents without freezing, streamed', async () => {
  const { context, page, faults } = await open();
  const words = demoPassages().flatMap(({ text }) => text.split(' '));
  const lines = Array.from({ length: 10_000 }, (_, i) =>
    Array.from({ length: 12 }, (_word, k) => words[(i * 37 + k * 101) % words.length]).join(' '),
  );
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'big.txt', mimeType: 'text/plain', buffer: Buffer.from(lines.join('\n')) });
  await page.getByText('10,000 documents are loaded').waitFor();
  await page.locator('#topk').fill('300');
  await page.evaluate(
    'window.drawn = 0; (function tick() { window.drawn += 1; requestAnimationFrame(tick); })()',
  );
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('300 documents ranked.').waitFor({ timeout: DEADLINE_MS });
  await page
    .getByText(/streamed; the first after/)
    .first()
    .waitFor();
  expect(await page.locator('.stages .inference').count()).toBe(2);
  expect(await page.locator('.order').first().locator('li').count()).toBe(10);
  // A page that computes BM25 on its own thread draws nothing until it is done.
  expect(await page.evaluate<number>('window.drawn')).toBeGreaterThan(10);
  expect(faults).toEqual([]);
  await context.close();
});

it('shows what of a long document is not read, and its best part', async () => {
  const { context, page } = await open();
  const filler = 'The committee met again and spoke about other matters of the budget. '.repeat(300);
  await page
    .locator('#documents')
    .fill(`${filler} A starter of flour and water raises sourdough bread overnight.\nshort text`);
  await page.locator('#query').fill('sourdough bread starter');
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('2 documents ranked.').waitFor();
  // Two models with room for as much of it.
  await page.locator('.cut').nth(1).waitFor();
  expect(await page.locator('.cut').first().getAttribute('title')).toMatch(
    /^2,0\d\d of its 3,\d+ tokens are read$/,
  );
  expect(await page.locator('.order').first().locator('.cut').count()).toBe(0);
  await page.locator('.order').first().getByText('The committee').click();
  await page.getByText('is not read').waitFor();
  expect(await page.locator('dialog del').textContent()).toContain('sourdough bread overnight');
  await page.getByRole('button', { name: /Score its \d+ parts/ }).click();
  await page.locator('.window.best').waitFor();
  const scores = await page.locator('.window b').allTextContents();
  expect(scores.length).toBeGreaterThan(1);
  expect(await page.locator('.window.best b').first().textContent()).toBe([...scores].sort().at(-1));
  await context.close();
});

it('says what failed: no query, no documents, an endpoint that has gone', async () => {
  const { context, page } = await open();
  await page.locator('#query').fill(' ');
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  expect(await page.getByRole('alert').textContent()).toContain('The query is empty');
  await page.locator('#query').fill('x');
  await page.locator('#documents').fill('');
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('There are no documents').waitFor();
  await page.locator('#documents').fill('a');
  await page.route('**/invocations', (route) => route.abort());
  await page.getByRole('button', { name: 'Rerank', exact: true }).click();
  await page.getByText('The local endpoint does not answer').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.unroute('**/invocations');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('1 document ranked.').waitFor();
  await page.locator('#documents').fill('a long one '.repeat(4_000));
  await page.getByText('too long for an address').waitFor();
  expect(await page.getByRole('button', { name: 'Copy a link' }).isDisabled()).toBe(true);
  await context.close();
});

it.each([
  ['no state', '#%%%'],
  ['marks that are none', link({ query: 'q', documents: [{ id: '1', text: 'a' }], judged: { q: 5 } })],
  ['documents that are none', link({ query: 'q', documents: [null], judged: {} })],
])('opens with the sample at an address that holds %s', async (_, fragment) => {
  const { context, page, faults } = await open(1280, 'light', fragment);
  expect(await texts(page, 0)).toHaveLength(10);
  expect(faults).toEqual([]);
  await context.close();
});

it('answers no name but the loopback interface, and with --no-page not at all', async () => {
  const { status, headers } = await fetch(url);
  expect(status).toBe(200);
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  const { request } = await import('node:http');
  const rebound = await new Promise((resolve) => {
    request(url, { headers: { host: 'evil.example' } }, (response) => resolve(response.statusCode)).end();
  });
  expect(rebound).toBe(403);
  const bare = await start(['--no-page']);
  expect(bare.said).not.toContain('Playground');
  expect((await fetch(`${bare.url}/`)).status).toBe(404);
  bare.child.kill('SIGTERM');
});
