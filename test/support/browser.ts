import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-software-rasterizer',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * A real browser: the one CHROME_PATH names, else an installed one, else the one of @sparticuz/chromium (Linux, x64).
 * The caller closes it.
 */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env.CHROME_PATH;
  if (named !== undefined && !existsSync(named))
    throw new Error(`CHROME_PATH names ${named}, which is not there`);
  const executablePath = named ?? INSTALLED.find((place) => existsSync(place)) ?? (await packaged());
  return chromium.launch({ executablePath, args: FLAGS });
}

/** In a process of its own: the package is an ES module, and Jest runs CommonJS. */
async function packaged(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(__dirname, 'packaged-browser.mjs'),
  ]);
  return stdout;
}

/** A page in a browser, with what it says and asks for while it is open. */
export interface OpenedPage {
  readonly page: Page;
  /** Lines of the console, and uncaught errors. */
  readonly faults: readonly string[];
  /** Addresses of all requests, the page's own among them. */
  readonly requests: readonly string[];
}

/** A page of one file, in a browser of its own. */
export class PageFile {
  private constructor(
    private readonly browser: Browser,
    private readonly directory: string,
    readonly address: string,
  ) {}

  static async write(html: string): Promise<PageFile> {
    const directory = await mkdtemp(path.join(tmpdir(), 'page-'));
    const file = path.join(directory, 'page.html');
    await writeFile(file, html);
    return new PageFile(await launchBrowser(), directory, pathToFileURL(file).href);
  }

  /** The caller closes the page. */
  async open(
    width: number,
    colorScheme: NonNullable<BrowserContextOptions['colorScheme']>,
  ): Promise<OpenedPage> {
    const page = await this.browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const faults: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => requests.push(request.url()));
    await page.goto(this.address);
    return { page, faults, requests };
  }

  async close(): Promise<void> {
    await this.browser.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
