import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type RerankerClient, RerankerError } from '@sagemaker-reranker/client';

/** One line of the input. */
interface Task {
  readonly id: string;
  readonly query: string;
  readonly documents: readonly string[];
}

interface Place {
  readonly bucket: string;
  readonly key: string;
}

export interface BatchSummary {
  readonly ranked: number;
  readonly failed: number;
}

/**
 * Reranks every line of a JSON lines object, `{ id, query, documents }`, and writes `{ id, results: [{ index, score }] }`
 * or `{ id, error }` in the same order. A line that fails does not lose the others.
 * @param concurrency lines in hand at once; the client's own `concurrency` bounds the requests
 */
export async function rerankObject(
  { s3, client }: { readonly s3: S3Client; readonly client: RerankerClient },
  input: Place,
  output: Place,
  concurrency = 8,
): Promise<BatchSummary> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: input.bucket, Key: input.key }));
  const lines = createInterface({ input: Body as Readable, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const answers: string[] = [];
  let failed = 0;
  let next = 0;
  const work = async (): Promise<void> => {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      if (line.value.trim() === '') continue;
      const place = next++;
      const answer = await rerankLine(client, line.value);
      if ('error' in answer) failed += 1;
      answers[place] = JSON.stringify(answer);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  await s3.send(
    new PutObjectCommand({
      Bucket: output.bucket,
      Key: output.key,
      Body: answers.map((answer) => `${answer}\n`).join(''),
      ContentType: 'application/jsonlines',
    }),
  );
  return { ranked: answers.length - failed, failed };
}

async function rerankLine(client: RerankerClient, line: string): Promise<object> {
  let id: string | undefined;
  try {
    const task = JSON.parse(line) as Task;
    ({ id } = task);
    const { results } = await client.rerank({
      query: task.query,
      documents: task.documents,
      returnDocuments: false,
    });
    return { id, results: results.map(({ index, relevanceScore }) => ({ index, score: relevanceScore })) };
  } catch (error) {
    if (error instanceof SyntaxError) return { error: { code: 'invalid_json', message: 'not JSON' } };
    if (!RerankerError.isInstance(error)) throw error;
    return { id, error: { code: error.code, message: error.message } };
  }
}
