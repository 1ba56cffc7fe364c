import { ClientReranker, fuseScores } from '@sagemaker-reranker/client';
import { Bm25Index } from '@sagemaker-reranker/evaluation';
import { UsageError } from '@sagemaker-reranker/models';
import { connect } from '../connect.js';
import { type Meter, type Passage, inputBytes, readPassages } from '../input.js';
import { type Target, addTarget, number, wholeNumber } from '../options.js';
import { ProgressBar } from '../terminal/progress.js';
import { right, tableInParts } from '../terminal/table.js';
import { Command } from '../command.js';
import { json } from '../terminal/out.js';

interface Options extends Target {
  readonly query: string;
  readonly top?: number;
  readonly paragraphs?: boolean;
  readonly fuse?: number | true;
  readonly json?: boolean;
}

interface Ranked extends Passage {
  /** Place in the input, from 0: equal scores keep it. */
  readonly place: number;
  readonly logit: number;
  readonly fused?: number;
}

/** Passages that travel in one request. */
const BATCH = 256;
/** UTF-16 units after which a batch is full, too. */
const BATCH_UNITS = 500_000;
/** Requests in flight: the container has the next while one travels. */
const IN_FLIGHT = 3;
const ROWS_AT_ONCE = 1_000;

/** What follows `--fuse` is its weight, even where a file is meant. */
const weight = number(
  'a number from 0 to 1; files stand before --fuse, or behind --fuse=0.5',
  (value) => value >= 0 && value <= 1,
);

/** `reranker rerank`: files or standard input, ranked against a query. */
export function rerankCommand(): Command {
  const command = new Command('rerank')
    .description(
      'Rank the lines (or paragraphs) of files or of standard input against a query. Input of any size is read as it is ranked; with --top only the best are kept in memory.',
    )
    .requiredOption('--query <text>', 'what is looked for')
    .option('--top <number>', 'print only the best', wholeNumber(1))
    .option('--paragraphs', 'rank paragraphs, separated by blank lines, instead of lines')
    .option(
      '--fuse [weight]',
      'add BM25 over the same passages; weight of the model, 0..1 (default: 0.5)',
      weight,
    )
    .option('--json', 'print JSON')
    .argument('[files...]', 'files to rank, in UTF-8 or UTF-16; - or none: standard input');
  return addTarget(command).action(async (files: string[], options: Options) => {
    if (options.query.trim() === '') throw new UsageError('--query is empty: say what is looked for');
    const { client, close } = await connect(options);
    try {
      const reranker = new ClientReranker('', client);
      const ranked = await rank(files.length > 0 ? files : ['-'], reranker, options);
      if (ranked.length === 0) throw new UsageError('nothing to rank: the input has no text');
      const output = options.json ? asJson(ranked, options.query, reranker.totalTokens) : text(ranked);
      for (const piece of output) {
        if (!process.stdout.write(piece))
          await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
    } finally {
      await close();
    }
  });
}

/** The passages that are printed, best first. */
async function rank(
  files: readonly string[],
  reranker: ClientReranker,
  { query, top = Infinity, paragraphs = false, fuse }: Options,
): Promise<Ranked[]> {
  // A fusion weighs every passage against all the others.
  const best = new Best(fuse === undefined ? top : Infinity);
  const meter: Meter = { bytes: 0 };
  const total = await inputBytes(files);
  const progress = new ProgressBar(total === undefined ? 'passages' : 'kB');
  const batches = inBatches(readPassages(files, paragraphs, meter));
  let place = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      const passages = next.value;
      const start = place;
      place += passages.length;
      const read = meter.bytes;
      const logits = await reranker.rerank(query, passages);
      passages.forEach((passage, i) => best.add({ ...passage, place: start + i, logit: logits[i]! }));
      done += passages.length;
      if (total === undefined) progress.update(done, undefined);
      else progress.update(read / 1000, total / 1000, `${done.toLocaleString('en-US')} passages`);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  } finally {
    await batches.return();
    progress.stop();
  }
  const ranked = best.sorted();
  return fuse === undefined ? ranked : (await fused(ranked, query, fuse === true ? 0.5 : fuse)).slice(0, top);
}

async function* inBatches(passages: AsyncIterable<Passage>): AsyncGenerator<Passage[], void> {
  let batch: Passage[] = [];
  let units = 0;
  for await (const passage of passages) {
    batch.push(passage);
    units += passage.text.length;
    if (batch.length < BATCH && units < BATCH_UNITS) continue;
    yield batch;
    batch = [];
    units = 0;
  }
  if (batch.length > 0) yield batch;
}

/** The best so far, in the memory that they take twice. */
class Best {
  readonly #kept: Ranked[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(ranked: Ranked): void {
    this.#kept.push(ranked);
    if (this.#kept.length >= 2 * this.#most + BATCH) this.sorted();
  }

  sorted(): Ranked[] {
    this.#kept.sort((a, b) => b.logit - a.logit || a.place - b.place);
    this.#kept.splice(this.#most);
    return this.#kept;
  }
}

async function fused(ranked: readonly Ranked[], query: string, weight: number): Promise<Ranked[]> {
  const index = await Bm25Index.create(ranked.map(({ text }, i) => ({ id: String(i), text })));
  const found = new Map(index.search(query, ranked.length).map(({ id, score }) => [id, score]));
  const first = ranked.map((_, i) => found.get(String(i)) ?? 0);
  const scores = fuseScores(
    first,
    ranked.map(({ logit }) => logit),
    { weight },
  );
  return ranked
    .map((each, i) => ({ ...each, fused: scores[i]! }))
    .sort((a, b) => b.fused - a.fused || a.place - b.place);
}

const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit));

function* asJson(ranked: readonly Ranked[], query: string, totalTokens: number): Generator<string> {
  yield `{\n  "query": ${json(query)},\n  "total_tokens": ${totalTokens},\n  "results": [`;
  for (const [i, { logit, fused: fusedScore, file, line, text: passage }] of ranked.entries()) {
    const row = { relevance_score: sigmoid(logit), fused_score: fusedScore, file, line, text: passage };
    yield `${i > 0 ? ',' : ''}\n    ${json(row, 0)}`;
  }
  yield '\n  ]\n}\n';
}

function* text(ranked: readonly Ranked[]): Generator<string> {
  const isFused = ranked[0]!.fused !== undefined;
  const columns = [
    right('rank'),
    ...(isFused ? [{ ...right('fused'), most: 7 }] : []),
    { ...right('score'), most: 6 },
    { heading: 'from', most: longestPlace(ranked) },
    { heading: 'text', most: 100 },
  ];
  columns[0] = { ...right('rank'), most: Math.max(4, String(ranked.length).length) };
  for (const part of tableInParts(columns, rowsOf(ranked))) yield `${part}\n`;
}

const placeOf = ({ file, line }: Passage): string => `${file}:${line}`;

function longestPlace(ranked: readonly Ranked[]): number {
  return Math.min(
    30,
    ranked.reduce((most, each) => Math.max(most, placeOf(each).length), 4),
  );
}

function* rowsOf(ranked: readonly Ranked[]): Generator<string[][]> {
  for (let start = 0; start < ranked.length; start += ROWS_AT_ONCE) {
    yield ranked
      .slice(start, start + ROWS_AT_ONCE)
      .map((each, i) => [
        String(start + i + 1),
        ...(each.fused === undefined ? [] : [each.fused.toFixed(3)]),
        sigmoid(each.logit).toFixed(4),
        placeOf(each),
        each.text,
      ]);
  }
}
