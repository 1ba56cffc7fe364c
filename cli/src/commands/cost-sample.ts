import { readFile } from 'node:fs/promises';
import type { LengthShare } from '@sagemaker-reranker/cost';
import { lengthShares } from '@sagemaker-reranker/cost/measure';
import { UsageError } from '@sagemaker-reranker/models';
import { tokenizationOf } from './cost-tokens.js';

/** What a sample of queries says of the traffic. */
interface SampledTraffic {
  /** Documents of a query, in the mean, as a whole number. */
  readonly documents: number;
  /** Tokens of a pair, in the mean. */
  readonly tokens: number;
  readonly pairTokens: readonly LengthShare[];
}

/**
 * Counts the tokens of queries in JSON Lines: `{"query": "...", "documents": ["...", ...]}`, documents as texts or as objects
 * with a text.
 * @param directory model directory whose tokenizer counts. Default: the embedded model's; another one's counts differ by some per cent.
 * @throws UsageError that names file and line of what is no query.
 */
export async function readSample(file: string, directory?: string): Promise<SampledTraffic> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--sample: ${file} cannot be read (${error.code ?? error.message})`);
  });
  const { count, special, longestPair } = await tokenizationOf(directory);
  const lengths: number[] = [];
  let queries = 0;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { query, documents } = parseLine(line, `--sample: ${file}:${i + 1}`);
    queries += 1;
    const own = (await count(query)) + special;
    for (const document of documents) lengths.push(Math.min(longestPair, own + (await count(document))));
  }
  if (lengths.length === 0) throw new UsageError(`--sample: ${file} has no query with documents`);
  return {
    documents: Math.max(1, Math.round(lengths.length / queries)),
    tokens: lengths.reduce((sum, length) => sum + length, 0) / lengths.length,
    pairTokens: lengthShares(lengths),
  };
}

function parseLine(line: string, where: string): { query: string; documents: string[] } {
  let data: unknown;
  try {
    data = JSON.parse(line);
  } catch (error) {
    throw new UsageError(`${where}: no JSON: ${(error as Error).message}`);
  }
  const { query, documents } = (data ?? {}) as Record<string, unknown>;
  const texts = Array.isArray(documents)
    ? documents.map((each: unknown) =>
        typeof each === 'object' && each !== null && 'text' in each ? each.text : each,
      )
    : [];
  if (typeof query !== 'string' || texts.length === 0 || !texts.every((each) => typeof each === 'string'))
    throw new UsageError(`${where}: it must be an object with a query and a list of documents, all texts`);
  return { query, documents: texts };
}
