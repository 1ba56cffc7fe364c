import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AwsAnswer, type Aws } from './aws.js';

const REQUEST = '{"query":"ping","documents":["pong","a ball"]}';

/** Sends the runbook's request, and checks that the answer ranks both documents. */
export async function invoke(aws: Aws, endpointName: string, ...target: string[]): Promise<string> {
  return withFiles(async (directory) => {
    const [body, answer] = [path.join(directory, 'ping.json'), path.join(directory, 'answer.json')];
    await writeFile(body, REQUEST);
    const command = [
      'sagemaker-runtime',
      'invoke-endpoint',
      '--endpoint-name',
      endpointName,
      '--content-type',
      'application/json',
      '--body',
      `fileb://${body}`,
    ];
    const { status, stderr, stdout } = await aws.shell.run([
      'aws',
      ...command,
      ...target,
      '--region',
      aws.region,
      answer,
    ]);
    if (status !== 0) throw new AwsAnswer('aws sagemaker-runtime invoke-endpoint', (stderr || stdout).trim());
    return ranked(await readFile(answer, 'utf8'));
  });
}

/** Puts a request into the exchange bucket, invokes the endpoint for it, and waits for the answer. */
export async function invokeAsync(
  aws: Aws,
  endpointName: string,
  bucket: string,
  minutes: number,
): Promise<string> {
  return withFiles(async (directory) => {
    const body = path.join(directory, 'ping.json');
    await writeFile(body, REQUEST);
    const key = `input/rehearsal-${aws.shell.now()}.json`;
    await aws.call('s3api', 'put-object', '--bucket', bucket, '--key', key, '--body', body);
    const { OutputLocation } = await aws.call<{ OutputLocation: string }>(
      'sagemaker-runtime',
      'invoke-endpoint-async',
      '--endpoint-name',
      endpointName,
      '--content-type',
      'application/json',
      '--input-location',
      `s3://${bucket}/${key}`,
    );
    const [, answerBucket, answerKey] = /^s3:\/\/([^/]+)\/(.+)$/.exec(OutputLocation) ?? [];
    if (answerBucket === undefined || answerKey === undefined)
      throw new Error(`no location in ${OutputLocation}`);
    return aws.until('the answer', minutes, async () => {
      const answer = path.join(directory, 'answer.json');
      const found = await aws.find(
        's3api',
        'get-object',
        '--bucket',
        answerBucket,
        '--key',
        answerKey,
        answer,
      );
      return found === undefined ? undefined : ranked(await readFile(answer, 'utf8'));
    });
  });
}

function ranked(text: string): string {
  const { results } = JSON.parse(text) as { results?: { index: number; relevance_score: number }[] };
  if (results?.length !== 2) throw new Error(`the answer ranks no two documents: ${text.slice(0, 200)}`);
  return `2 documents ranked, the first ${results[0]!.relevance_score}`;
}

/** Runs with a directory that is gone afterwards. */
export async function withFiles<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-rehearsal-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
