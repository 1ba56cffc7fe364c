import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void | Promise<void>;

export interface Service {
  readonly url: string;
  handle: Handler;
  /** Sockets that were opened so far. */
  connections: number;
  close(): Promise<void>;
}

/** An HTTP service on the loopback interface that does what its current handler says. */
export async function startService(handle: Handler): Promise<Service> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void service.handle(request, response, Buffer.concat(chunks)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: Service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    handle,
    connections: 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('connection', () => (service.connections += 1));
  return service;
}

/** A rerank answer that scores document `i` of `n` with `1 - i / n`. */
export function answerTo(body: Buffer): string {
  const { documents } = JSON.parse(body.toString()) as { documents: string[] };
  return JSON.stringify({
    model: 'served',
    usage: { total_tokens: documents.length },
    results: documents.map((_, index) => ({ index, relevance_score: 1 - index / documents.length })),
  });
}
