// Pictures of the docs, from what they show: `npm run screenshots` after the page or the report has changed.
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const images = path.join(root, 'docs', 'public', 'images');
const cli = path.join(root, 'cli', 'bin', 'reranker.js');
const run = promisify(execFile);
await mkdir(images, { recursive: true });

const executablePath =
  process.env.CHROME_PATH ??
  (await run(process.execPath, [path.join(root, 'test/support/packaged-browser.mjs')])).stdout;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const scratch = await mkdtemp(path.join(tmpdir(), 'screenshots-'));
const local = spawn(process.execPath, [cli, 'local', '--port', '0']);
try {
  const url = await new Promise((resolve, reject) => {
    local.on('exit', () => reject(new Error('reranker local ended')));
    local.stdout.on('data', (chunk) => {
      const found = /Playground: (http:\S+)/.exec(String(chunk));
      if (found) resolve(found[1]);
    });
  });
  for (const [name, width, colorScheme] of [
    ['playground', 1280, 'light'],
    ['playground-phone', 390, 'light'],
  ]) {
    const page = await browser.newPage({ viewport: { width, height: 1060 }, colorScheme });
    await page.goto(url);
    await page.getByText('documents ranked.').waitFor();
    const paint = await page.evaluate('performance.getEntriesByName("first-contentful-paint")[0]?.startTime');
    await page.screenshot({ path: path.join(images, `${name}.png`), fullPage: width < 500 });
    process.stdout.write(`${name}: first paint after ${Math.round(paint)} ms\n`);
    await page.close();
  }
  const report = path.join(scratch, 'cost.html');
  await run(process.execPath, [
    cli,
    // The question of README.md.
    ...'cost compare --variant tiny --queries-per-second 5 --documents 50 --tokens 150 --p95 2s --html'.split(
      ' ',
    ),
    report,
  ]);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(pathToFileURL(report).href);
  // Down to the end of the first chart: lines without their names say nothing.
  const legend = await page.locator('.legend').first().boundingBox();
  const clip = { x: 0, y: 0, width: 1280, height: Math.ceil(legend.y + legend.height + 50) };
  await page.screenshot({ path: path.join(images, 'cost.png'), clip, fullPage: true });
} finally {
  local.removeAllListeners('exit');
  local.kill('SIGTERM');
  await browser.close();
  await rm(scratch, { recursive: true, force: true });
}
