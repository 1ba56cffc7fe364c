import { S3Client } from '@aws-sdk/client-s3';
import { RerankerClient } from '@sagemaker-reranker/client';
import { rerankObject } from '../../examples/s3-batch/batch.js';
import { startService, type Service } from '../client/support/service.js';
import { startReranker } from './support.js';

const objects = new Map<string, Buffer>();
let storage: Service;
let s3: S3Client;
let reranker: Awaited<ReturnType<typeof startReranker>>;
let client: RerankerClient;

beforeAll(async () => {
  reranker = await startReranker();
  client = new RerankerClient({ endpointName: 'any', endpoint: reranker.url });
  storage = await startService((request, response, body) => {
    const [key = ''] = (request.url ?? '').split('?');
    if (request.method === 'PUT') objects.set(key, body);
    response.end(request.method === 'PUT' ? undefined : objects.get(key));
  });
  s3 = new S3Client({
    endpoint: storage.url,
    forcePathStyle: true,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
});
afterAll(async () => {
  client.close();
  s3.destroy();
  await Promise.all([storage.close(), reranker.close()]);
});

it('ranks every line in its place, and a line that fails does not lose the others', async () => {
  const tasks = Array.from({ length: 20 }, (_, i) =>
    JSON.stringify({ id: `t${i}`, query: `question ${i}`, documents: ['one text', 'another', `and ${i}`] }),
  );
  tasks[3] = '{broken';
  tasks[5] = '{"id":"t5","query":"","documents":["a"]}';
  objects.set('/bucket/in.jsonl', Buffer.from(`${tasks.join('\n')}\n\n`));
  const summary = await rerankObject(
    { s3, client },
    { bucket: 'bucket', key: 'in.jsonl' },
    { bucket: 'bucket', key: 'out.jsonl' },
    4,
  );
  expect(summary).toEqual({ ranked: 18, failed: 2 });

  const lines = objects.get('/bucket/out.jsonl')!.toString().trim().split('\n');
  const answers = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(answers).toHaveLength(20);
  expect(answers[3]).toEqual({ error: { code: 'invalid_json', message: 'not JSON' } });
  expect(answers[5]).toMatchObject({ id: 't5', error: { code: 'invalid_request' } });
  for (const [i, answer] of answers.entries()) {
    if (i === 3 || i === 5) continue;
    const results = answer.results as { index: number; score: number }[];
    expect(answer.id).toBe(`t${i}`);
    expect(results.map((result) => result.index).sort()).toEqual([0, 1, 2]);
    expect(results[0]!.score).toBeGreaterThanOrEqual(results[2]!.score);
  }
});
