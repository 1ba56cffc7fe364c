import { Command, InvalidArgumentError } from 'commander';
import type { RerankerClient } from '../../client';
import { Bm25Index, evaluate, formatTable, readBeir, reportJson } from '../../evaluation';
import type { Reranker } from '../../evaluation';
import { connect } from '../connect';
import type { Target } from '../connect';

interface Options extends Target {
  readonly depth: number;
  readonly weight: number;
  readonly json?: boolean;
}

/** `reranker eval`: how good a reranker is on judged collections. */
export function evalCommand(): Command {
  const command = new Command('eval').description(
    'Measure a reranker against a first stage on a judged collection.',
  );
  command
    .command('beir')
    .description(
      'NDCG@10 and others on a collection in BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv.',
    )
    .argument('<dir>', 'directory of the collection')
    .option('--model <dir>', 'model directory (default: the embedded demonstration model)')
    .option('--endpoint-name <name>', 'measure a deployed endpoint instead')
    .option('--endpoint <url>', 'address of the SageMaker Runtime API, for `reranker local`')
    .option('--region <region>', 'AWS region of the endpoint')
    .option('--depth <number>', 'first-stage documents that are reranked', depth, 100)
    .option(
      '--weight <number>',
      'weight of the reranker in its fusion with the first stage, 0..1',
      weight,
      0.35,
    )
    .option('--json', 'print JSON')
    .action(async (directory: string, options: Options) => {
      const collection = await readBeir(directory);
      const bm25 = await Bm25Index.create(collection.documents.values());
      const firstStage = { name: 'BM25', run: bm25.run(collection.queries, 1000) };
      const { client, close } = await connect(options);
      try {
        const reranker = overClient(options.endpointName ?? options.model ?? 'embedded', client);
        const result = await evaluate(collection, firstStage, [reranker], {
          depth: options.depth,
          fusionWeight: options.weight,
          onProgress: showProgress,
        });
        const report = options.json ? JSON.stringify(reportJson(result), null, 2) : formatTable(result);
        process.stdout.write(`${report}\n`);
      } finally {
        await close();
      }
    });
  return command;
}

/** A reranker that asks for raw logits: a sigmoid would flatten the differences that fusion weighs. */
function overClient(name: string, client: RerankerClient): Reranker {
  return {
    name,
    rerank: async (query, documents, signal) => {
      const { results } = await client.rerank({
        query,
        documents,
        rawScores: true,
        returnDocuments: false,
        ...(signal && { signal }),
      });
      const scores = new Array<number>(documents.length);
      for (const { index, relevanceScore } of results) scores[index] = relevanceScore;
      return scores;
    },
  };
}

function showProgress(reranker: string, done: number, total: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(done < total ? `\r${reranker}: ${done} of ${total} queries` : '\r\x1b[K');
}

function depth(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new InvalidArgumentError('it must be a whole number of at least 1');
  return value;
}

function weight(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError('it must be a number from 0 to 1');
  return value;
}
