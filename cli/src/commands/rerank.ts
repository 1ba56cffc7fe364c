import { createReadStream } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { Command, InvalidArgumentError } from 'commander';
import { connect } from '../connect.js';
import type { Target } from '../connect.js';
import { UsageError } from '@sagemaker-reranker/models';
import { table } from '../table.js';

interface Options extends Target {
  readonly query: string;
  readonly top?: number;
  readonly paragraphs?: boolean;
  readonly json?: boolean;
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
      const passages = (
        await Promise.all((files.length > 0 ? files : ['-']).map((file) => read(file, options)))
      ).flat();
      if (passages.length === 0) throw new UsageError('nothing to rank: the input has no text');
      const { client, close } = await connect(options);
      try {
        const { query, top } = options;
        const { results, usage } = await client.rerank({
          query,
          documents: passages,
          ...(top && { topN: top }),
        });
        if (options.json) {
          const rows = results.map(({ relevanceScore, document }) => ({
            relevance_score: relevanceScore,
            ...document,
          }));
          process.stdout.write(
            `${JSON.stringify({ query, total_tokens: usage.totalTokens, results: rows }, null, 2)}\n`,
          );
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
  if (!/^\d+$/.test(text) || value < 1)
    throw new InvalidArgumentError('it must be a whole number of at least 1');
  return value;
}
