import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { packageRoot } from '@sagemaker-reranker/models';
import { sendJson } from './send.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from anywhere else, no inline script or style, no frame around it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A file of the page: `/` is its document, `/playground/NAME` what belongs to it. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
): Promise<void> {
  const name = url === '/' || url === '/playground' ? 'index.html' : path.posix.basename(url);
  const type = TYPES[path.extname(name)];
  const file = path.join(packageRoot(__dirname), 'page', name);
  const found = type === undefined ? undefined : await stat(file).catch(() => undefined);
  if (!found?.isFile() || type === undefined) {
    sendJson(response, 404, {
      error: { code: 'not_found', message: `there is no ${url}`, details: {} },
    });
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    sendJson(response, 405, { error: { code: 'method_not_allowed', message: 'GET it', details: {} } });
    return;
  }
  response.writeHead(200, {
    'content-type': type,
    'content-length': found.size,
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    // Files change with the package, whose version the address does not name.
    'cache-control': 'no-cache',
  });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(file), response);
}
