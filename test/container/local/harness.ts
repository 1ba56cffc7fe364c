import { request } from 'node:http';
import path from 'node:path';
import {
  startLocalEndpoint,
  type LocalEndpoint,
  type LocalEndpointOptions,
} from '../../../container/src/local/index.js';

/** A local endpoint in front of the container that fails on request. */
export function startFailing(options: LocalEndpointOptions = {}): Promise<LocalEndpoint> {
  return startLocalEndpoint({
    port: 0,
    containerEntry: path.join(__dirname, 'fake-container.js'),
    ...options,
  });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** One HTTP request as it is, with no client library between. */
export function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', headers = {}, body = '' } = options;
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
