import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
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
  const installed = named ?? INSTALLED.find((place) => existsSync(place));
  const { executablePath, args } =
    installed === undefined ? await packaged() : { executablePath: installed, args: [] };
  return chromium.launch({ executablePath, args: [...args, ...QUIET] });
}

/** In a process of its own: the package is an ES module, and Jest runs CommonJS. */
async function packaged(): Promise<{ executablePath: string; args: string[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    path.join(__dirname, 'packaged-browser.mjs'),
  ]);
  return JSON.parse(stdout) as { executablePath: string; args: string[] };
}
