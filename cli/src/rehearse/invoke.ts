import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NotSeen, type Aws, type CliOptions } from './aws.js';

const REQUEST = '{"query":"ping","documents":["pong","a ball"]}';
const contentType = 'application/json';

/** Sends the runbook's request, and checks that the answer ranks both documents. */
export async function invoke(aws: Aws, endpointName: string, target: CliOptions = {}): Promise<string> {
  return withFiles(async (directory) => {
    const [body, answer] = [path.join(directory, 'ping.json'), path.join(directory, 'answer.json')];
    await writeFile(body, REQUEST);
    const options = { endpointName, contentType, body: `fileb://${body}`, ...target };
    await aws.call('sagemaker-runtime', 'invoke-endpoint', options, answer);
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
    await aws.call('s3api', 'put-object', { bucket, key, body });
    const { OutputLocation } = await aws.call<{ OutputLocation: string }>(
      'sagemaker-runtime',
      'invoke-endpoint-async',
      { endpointName, contentType, inputLocation: `s3://${bucket}/${key}` },
    );
    const [, answerBucket, answerKey] = /^s3:\/\/([^/]+)\/(.+)$/.exec(OutputLocation) ?? [];
    if (answerBucket === undefined || answerKey === undefined)
      throw new Error(`no location in ${OutputLocation}`);
    return aws.until('the answer', minutes, async () => {
      const answer = path.join(directory, 'answer.json');
      const location = { bucket: answerBucket, key: answerKey };
      const found = await aws.find('s3api', 'get-object', location, answer);
      return found === undefined ? undefined : ranked(await readFile(answer, 'utf8'));
    });
  });
}

/**
 * Checks that an answer ranks both documents.
 * @throws NotSeen where it does not: an emulator without a container answers with something of its own.
 */
function ranked(text: string): string {
  const results = read(text)?.results;
  if (results?.length !== 2)
    throw new NotSeen(`an answer that ranks two documents did not come, but ${text.slice(0, 200)}`);
  return `2 documents ranked, the first ${results[0]!.relevance_score}`;
}

function read(text: string): { results?: { index: number; relevance_score: number }[] } | undefined {
  try {
    return JSON.parse(text) as { results?: { index: number; relevance_score: number }[] };
  } catch {
    return undefined;
  }
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
