/**
 * `npm run demo`: the whole way of a request on this machine. BM25 finds candidates, the typed client sends them through
 * the AWS SDK to a local SageMaker endpoint, the real container reranks them with the embedded model.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Bm25Index } from '@sagemaker-reranker/evaluation';
import { explain, packageRoot } from '@sagemaker-reranker/models';
import { connect } from '../connect.js';
import { table } from '../table.js';

interface Passage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

const QUESTIONS = [
  'how can I stop one customer from paying twice when a message arrives again',
  'what happens to committed data when the database server crashes',
  'why does a spacecraft have a blunt shape when it comes back to earth',
  'make a neural network smaller and faster on ordinary processors',
  'which answers did users wait longest for',
];
/** Candidates that the first stage hands over, and results shown. */
const CANDIDATES = 20;
const SHOWN = 3;

async function main(): Promise<void> {
  const lines = await readFile(path.join(packageRoot(__dirname), 'demo', 'passages.jsonl'), 'utf8');
  const passages = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Passage);
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  const whole = ({ title, text }: Passage): string => `${title}. ${text}`;
  const firstStage = await Bm25Index.create(
    passages.map((passage) => ({ id: passage.id, text: whole(passage) })),
  );

  const started = performance.now();
  const { client, url, close } = await connect({});
  print(`Local SageMaker endpoint at ${url}, ready after ${ms(performance.now() - started)}.`);
  print(
    `${passages.length} passages, ${CANDIDATES} BM25 candidates for each question, reranked by the embedded model.\n`,
  );
  try {
    for (const query of QUESTIONS) {
      const candidates = firstStage.search(query, CANDIDATES).map(({ id }) => byId.get(id)!);
      const before = performance.now();
      const { results, usage } = await client.rerank({
        query,
        documents: candidates,
        text: whole,
        topN: SHOWN,
      });
      const rows = results.map(({ index, relevanceScore, document }, i) => {
        return [String(i + 1), String(index + 1), relevanceScore.toFixed(4), document.title, document.text];
      });
      print(`? ${query}`);
      print(table(columns, rows));
      print(
        `${candidates.length} documents, ${usage.totalTokens} tokens, ${ms(performance.now() - before)}\n`,
      );
    }
  } finally {
    await close();
  }
}

const columns = [
  { heading: 'rank', align: 'right' },
  { heading: 'BM25', align: 'right' },
  { heading: 'score', align: 'right' },
  { heading: 'passage' },
  { heading: '', most: 60 },
] as const;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function ms(duration: number): string {
  return `${duration.toFixed(0)} ms`;
}

main().catch((error: unknown) => {
  process.stderr.write(`demo: ${explain(error)}\n`);
  process.exit(1);
});
