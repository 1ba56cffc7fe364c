import { createReadStream } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { Command, InvalidArgumentError } from 'commander';
import { RerankerClient } from '../../client';
import { startLocalEndpoint } from '../../container/local';
import { UsageError } from '../failure';
import { table } from '../table';

interface Options {
  query: string;
  top?: number;
  paragraphs?: boolean;
  json?: boolean;
  model?: string;
  endpointName?: string;
  endpoint?: string;
  region?: string;
}

/** A line or paragraph with the place it stands in. */
interface Passage {
  readonly file: string;
  /** Line it starts on, from 1. */
  readonly line: number;
  readonly text: string;
}

/** `reranker rerank`: files or standard input, ranked against a query. */
export function rerankCommand(): Command {
  return new Command('rerank')
    .description('Rank the lines (or paragraphs) of files or of standard input against a query.')
    .requiredOption('--query <text>', 'what is looked for')
    .option('--top <number>', 'print only the best', positiveInteger)
    .option('--paragraphs', 'rank paragraphs, separated by blank lines, instead of lines')
    .option('--json', 'print JSON')
    .option('--model <dir>', 'model directory (default: the embedded demonstration model)')
    .option('--endpoint-name <name>', 'ask a deployed endpoint instead of a model here')
    .option('--endpoint <url>', 'address of the SageMaker Runtime API, for `reranker local`')
    .option('--region <region>', 'AWS region of the endpoint')
    .argument('[files...]', 'files to rank; standard input when none is named')
    .action(async (files: string[], options: Options) => {
      const passages = (await Promise.all((files.length > 0 ? files : ['-']).map((file) => read(file, options)))).flat();
      if (passages.length === 0) throw new UsageError('nothing to rank: the input has no text');
      const { client, close } = await connect(options);
      try {
        const { query, top } = options;
        const { results, usage } = await client.rerank({ query, documents: passages, ...(top && { topN: top }) });
        if (options.json) {
          const rows = results.map(({ relevanceScore, document }) => ({ relevance_score: relevanceScore, ...document }));
          process.stdout.write(`${JSON.stringify({ query, total_tokens: usage.totalTokens, results: rows }, null, 2)}\n`);
          return;
        }
        const rows = results.map(({ relevanceScore, document: { file, line, text } }, i) => [
          String(i + 1),
          relevanceScore.toFixed(4),
          `${file}:${line}`,
          text,
        ]);
        const columns = [
          { heading: 'rank', align: 'right' },
          { heading: 'score', align: 'right' },
          { heading: 'from', most: 30 },
          { heading: 'text', most: 100 },
        ] as const;
        process.stdout.write(`${table(columns, rows)}\n`);
      } finally {
        await close();
      }
    });
}

/** A client of the endpoint named, or of the container started here on a model directory. */
async function connect(options: Options): Promise<{ client: RerankerClient; close: () => Promise<void> }> {
  const { endpointName, endpoint, region, model } = options;
  if (endpointName !== undefined || endpoint !== undefined) {
    if (model !== undefined) throw new UsageError('--model ranks here, --endpoint-name elsewhere: name one of them');
    const client = new RerankerClient({ endpointName: endpointName ?? 'local', ...(endpoint && { endpoint }), ...(region && { region }) });
    return { client, close: () => Promise.resolve(client.close()) };
  }
  const local = await startLocalEndpoint({ port: 0, ...(model !== undefined && { modelDirectory: model }) });
  const client = new RerankerClient({ endpointName: 'local', endpoint: local.url });
  const close = async (): Promise<void> => {
    client.close();
    await local.close();
  };
  return { client, close };
}

async function read(file: string, { paragraphs }: Options): Promise<Passage[]> {
  const stream = file === '-' ? process.stdin : createReadStream(file);
  const content = await readAll(stream).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  });
  const name = file === '-' ? 'stdin' : file;
  const passages: Passage[] = [];
  let open = false;
  content.split(/\r?\n/).forEach((text, i) => {
    const blank = text.trim() === '';
    if (blank) open = false;
    else if (paragraphs && open) {
      const last = passages[passages.length - 1];
      passages[passages.length - 1] = { ...last, text: `${last.text} ${text.trim()}` };
    } else {
      passages.push({ file: name, line: i + 1, text: text.trim() });
      open = true;
    }
  });
  return passages;
}

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new InvalidArgumentError('it must be a whole number of at least 1');
  return value;
}
