/** A server as one would write it first: Express and ONNX Runtime in one process, each request a batch of its own. */
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { openSession, tensor } from '@sagemaker-reranker/inference/runtime';
import { Tokenizer } from 'tokenizers';
import type { Request } from './corpus.js';

async function main(modelDir: string): Promise<void> {
  const session = await openSession(path.join(modelDir, 'model.onnx'));
  const tokenizer = Tokenizer.fromFile(path.join(modelDir, 'tokenizer.json'));
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  const app = express();
  app.get('/ping', (_req, res) => void res.json({}));
  app.post('/invocations', express.json({ limit: '25mb' }), async (req, res) => {
    const { query, documents } = req.body as Request;
    const rows = await Promise.all(
      documents.map(async (document) => (await tokenizer.encode(query, document)).getIds()),
    );
    const width = rows.reduce((longest, row) => Math.max(longest, row.length), 0);
    const ids = new BigInt64Array(rows.length * width).fill(1n);
    const mask = new BigInt64Array(rows.length * width);
    rows.forEach((row, i) => {
      row.forEach((id, j) => {
        ids[i * width + j] = BigInt(id);
        mask[i * width + j] = 1n;
      });
    });
    const dims = [rows.length, width];
    const { logits } = await session.run({
      input_ids: tensor('int64', ids, dims),
      attention_mask: tensor('int64', mask, dims),
    });
    const scores = [...(logits!.data as Float32Array)].map((logit) => 1 / (1 + Math.exp(-logit)));
    res.json({ results: scores.map((relevance_score, index) => ({ index, relevance_score })) });
  });
  const listening = app.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: (listening.address() as AddressInfo).port })}\n`);
  });
  process.on('SIGTERM', () => process.exit(0));
}

void main(process.argv[2]!);
