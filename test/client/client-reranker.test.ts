import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import { ClientReranker } from '../../client/src/client-reranker.js';

interface Body {
  readonly query: string;
  readonly documents: readonly string[];
}

/** Status the container gives a request of that many documents; 200 ranks them. */
let statusOf: (documents: number) => number;
let asked: number[];
let server: Server;
let client: RerankerClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    void json(request).then((body) => {
      const { documents } = body as Body;
      asked.push(documents.length);
      const status = statusOf(documents.length);
      response.writeHead(status, { 'content-type': 'application/json' });
      const code = status === 504 ? 'deadline_exceeded' : 'inference_failed';
      if (status !== 200) {
        const error = { code, message: 'no', details: {}, request_id: 'r' };
        return void response.end(JSON.stringify({ error }));
      }
      // The logit of a document is the number it consists of; results come best first.
      const results = documents
        .map((text, index) => ({ index, relevance_score: Number(text) }))
        .sort((a, b) => b.relevance_score - a.relevance_score);
      response.end(JSON.stringify({ model: 'm', object: 'rerank', usage: { total_tokens: 1 }, results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new RerankerClient({ transport: new HttpTransport({ url }), retry: false });
});
afterAll(() => {
  client.close();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = [];
  statusOf = () => 200;
});

const numbers = [3, -1.5, 12, 0, 7, 2, 9];
const documents = numbers.map((value, i) => ({ id: `d${i}`, text: String(value) }));

describe('ClientReranker', () => {
  it('gives one logit a document in the order of the documents', async () => {
    expect(await new ClientReranker('m', client).rerank('q', documents)).toEqual(numbers);
    expect(asked).toEqual([7]);
  });

  it('asks for half as many where a request takes too long, and remembers it', async () => {
    statusOf = (count) => (count > 2 ? 504 : 200);
    const reranker = new ClientReranker('m', client);
    expect(await reranker.rerank('q', documents)).toEqual(numbers);
    expect(asked).toEqual([7, 4, 2, 2, 2, 1]);
    asked = [];
    expect(await reranker.rerank('q', documents)).toEqual(numbers);
    expect(asked).toEqual([2, 2, 2, 1]);
  });

  it('fails when one document takes too long, and at once on any other error', async () => {
    statusOf = () => 504;
    await expect(new ClientReranker('m', client).rerank('q', documents)).rejects.toThrow('deadline_exceeded');
    expect(asked).toEqual([7, 4, 2, 1]);
    asked = [];
    statusOf = () => 500;
    await expect(new ClientReranker('m', client).rerank('q', documents)).rejects.toThrow('inference_failed');
    expect(asked).toEqual([7]);
  });

  it('stops at an abort', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(new ClientReranker('m', client).rerank('q', documents, signal)).rejects.toMatchObject({
      code: 'aborted',
    });
    expect(asked).toEqual([]);
  });
});
