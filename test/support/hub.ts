import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a download instead of the hub; returns false to let the hub answer. */
export type Misbehaviour = (request: IncomingMessage, response: ServerResponse, body: Buffer) => boolean;

const COMMIT = 'c0ffee'.padEnd(40, '0');

/**
 * A model hub on the loopback interface: metadata, downloads that redirect to a second origin as large files do, ranges.
 * `.safetensors` and `.onnx` count as large and have a SHA-256; other files have a git blob id.
 */
export class LoopbackHub {
  readonly requests: { origin: 'hub' | 'store'; url: string; range?: string; authorization?: string }[] = [];
  readonly files = new Map<string, Buffer>();
  /** What the metadata say of a size, where it is not the truth. */
  readonly claimed = new Map<string, number>();
  misbehave: Misbehaviour = () => false;
  /** Token without which nothing is answered. */
  token?: string;
  status?: number;
  private hub!: Server;
  private store!: Server;

  static readonly commit = COMMIT;

  async start(): Promise<void> {
    this.hub = createServer((request, response) => void this.answer(request, response));
    this.store = createServer((request, response) => this.serve(request, response));
    for (const server of [this.hub, this.store]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.store]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.hub.address() as AddressInfo).port}`;
  }

  private note(origin: 'hub' | 'store', { url, headers }: IncomingMessage): void {
    const { range, authorization } = headers;
    this.requests.push({ origin, url: url!, range, authorization });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.note('hub', request);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    const url = new URL(request.url!, this.endpoint);
    if (this.status !== undefined) return json(this.status, { error: 'as told' });
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`)
      return json(401, { error: 'Invalid credentials' });
    if (/^\/api\/models\/[^/]+\/[^/]+\/revision\//.test(url.pathname)) {
      if (url.pathname.endsWith('/none')) return json(404, { error: 'Invalid rev id' });
      return json(200, { id: 'some/model', modelId: 'some/model', sha: COMMIT, tags: [] });
    }
    if (url.pathname.includes('/paths-info/')) {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { paths } = JSON.parse(Buffer.concat(chunks).toString()) as { paths: string[] };
      return json(
        200,
        paths.filter((path) => this.files.has(path)).map((path) => this.info(path)),
      );
    }
    const path = /\/resolve\/[^/]+\/(.*)$/.exec(url.pathname)?.[1] ?? '';
    if (!this.files.has(path)) return json(404, { error: 'Entry not found' });
    const { port } = this.store.address() as AddressInfo;
    response.writeHead(302, { location: `http://localhost:${port}/${path}` }).end();
  }

  private info(path: string) {
    const data = this.files.get(path)!;
    const size = this.claimed.get(path) ?? data.length;
    const oid = createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
    const sha256 = createHash('sha256').update(data).digest('hex');
    const large = /\.(safetensors|onnx)$/.test(path);
    return { type: 'file', path, size, oid, ...(large && { lfs: { oid: sha256, size, pointerSize: 134 } }) };
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    this.note('store', request);
    const data = this.files.get(request.url!.slice(1))!;
    if (this.misbehave(request, response, data)) return;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` };
    response.writeHead(from > 0 ? 206 : 200, from > 0 ? range : {}).end(data.subarray(from));
  }
}
