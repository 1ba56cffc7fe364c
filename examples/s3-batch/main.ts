// Puts a file into a bucket, reranks each of its lines, and prints the object that comes out.
import { readFile } from 'node:fs/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AsyncEndpointTransport, RerankerClient } from '@sagemaker-reranker/client';
import { rerankObject } from './batch.js';

const [file = 'examples/s3-batch/searches.jsonl', Bucket = 'searches'] = process.argv.slice(2);
// The local endpoint has an object store with the API of S3; without its address both are in AWS.
const endpoint = process.env.RERANKER_ENDPOINT_URL;
const s3 = new S3Client(
  endpoint === undefined
    ? {}
    : { endpoint, forcePathStyle: true, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } },
);
const transport = new AsyncEndpointTransport({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'reranker',
  endpoint,
  inputLocation: `s3://${Bucket}/requests`,
  s3,
});
const client = new RerankerClient({ transport });

await s3.send(new PutObjectCommand({ Bucket, Key: 'in.jsonl', Body: await readFile(file) }));
const summary = await rerankObject(
  { s3, client },
  { bucket: Bucket, key: 'in.jsonl' },
  { bucket: Bucket, key: 'out.jsonl' },
);
const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'out.jsonl' }));
console.log((await Body!.transformToString()).trimEnd());
console.log(`${summary.ranked} lines ranked, ${summary.failed} failed`);
client.close();
s3.destroy();
