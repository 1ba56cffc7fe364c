import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import type { Figure } from '../../bench/src/figure.js';
import { comparePeers } from '../../bench/src/peers.js';
import { startContainer, stopContainers } from '../container/support/process.js';

afterAll(stopContainers);

// A double that speaks TEI's route and scores nothing: what is tried is the benchmark, not TEI.
it('measures the container beside a server that speaks the route of TEI', async () => {
  const container = await startContainer(embeddedModelDirectory());
  const asked: number[] = [];
  const double = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { texts } = JSON.parse(Buffer.concat(pieces).toString()) as { texts: string[] };
      asked.push(texts.length);
      response.end(JSON.stringify(texts.map((_, index) => ({ index, score: 0.5 }))));
    });
  }).listen(0, '127.0.0.1');
  await once(double, 'listening');
  const figures: Figure[] = [];
  const theirs = `http://127.0.0.1:${(double.address() as AddressInfo).port}`;
  await comparePeers(`http://127.0.0.1:${container.port()}`, theirs, (figure) => figures.push(figure), 1);
  double.close();
  expect(figures.filter(({ unit }) => unit === 'x')).toHaveLength(7);
  for (const { value } of figures) expect(value).toBeGreaterThan(0);
  expect(new Set(asked)).toEqual(new Set([1, 10, 100]));
});
