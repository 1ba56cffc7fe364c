import { ClientReranker, fuseScores } from '@sagemaker-reranker/client';
import { Bm25Index } from '@sagemaker-reranker/evaluation';
import { connect } from '../connect.js';
import { right, table } from '../terminal/table.js';
import { colour, wrapped } from '../terminal/text.js';
import { type Passage, type Question, demoPassages, demoQuestions } from './questions.js';
import { print } from '../terminal/out.js';

/** Candidates that the first stage hands over. */
const CANDIDATES = 20;
/** Every sixth question is shown; all are counted. */
const SHOWN_EVERY = 6;
/** Places shown of each order. */
const PLACES = 3;

const SYSTEMS = ['BM25', 'model', 'BM25 + model'] as const;

/** A question's passages in the order of each system, best first, and the time that the model took. */
interface Ranked extends Question {
  readonly orders: Readonly<Record<(typeof SYSTEMS)[number], readonly Passage[]>>;
}

/**
 * The whole way of a request on this machine: BM25 finds candidates, the typed client sends them to the real container,
 * which scores them, and both rankings are fused. Thirty questions are counted, five shown.
 */
export async function runDemo(model?: string): Promise<void> {
  const passages = demoPassages();
  const questions = demoQuestions();
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  const index = await Bm25Index.create(passages.map((passage) => ({ id: passage.id, text: whole(passage) })));
  const started = performance.now();
  const { client, close } = await connect({ model });
  try {
    const ready = performance.now() - started;
    const reranker = new ClientReranker('', client);
    const ranked: Ranked[] = [];
    const begun = performance.now();
    let documents = 0;
    for (const question of questions) {
      const found = index.search(question.question, CANDIDATES);
      const candidates = found.map(({ id }) => byId.get(id)!);
      const logits = await reranker.rerank(
        question.question,
        candidates.map((passage) => ({ text: whole(passage) })),
      );
      documents += candidates.length;
      const fused = fuseScores(
        found.map(({ score }) => score),
        logits,
      );
      ranked.push({
        ...question,
        orders: {
          BM25: candidates,
          model: byScore(candidates, logits),
          'BM25 + model': byScore(candidates, fused),
        },
      });
    }
    const took = performance.now() - begun;
    say(
      `${questions.length} questions over ${passages.length} passages. BM25 finds up to ${CANDIDATES} for each; ${model ?? 'the embedded model'} reads them and ` +
        `puts them in its own order; the third order adds both scores. Every ${SHOWN_EVERY}th question is shown, all are counted.`,
    );
    ranked.filter((_, i) => i % SHOWN_EVERY === 0).forEach(show);
    print(`\n${totals(ranked)}\n`);
    say(
      `The container was ready after ${ready.toFixed(0)} ms and scored ${documents} passages in ${took.toFixed(0)} ms, one question after the other.`,
    );
    say(`\nWhat to do next\n${NEXT}`);
  } finally {
    await close();
  }
}

const NEXT = [
  ['a page to try it with your own texts, and an endpoint for your code', 'npx reranker local'],
  ['rank the lines of a file', 'npx reranker rerank --query "..." FILE'],
  ['measure it on your own questions and answers', 'npx reranker eval beir --weight auto DIR'],
  ['fetch a larger model, made by Jina: the kind to deploy', 'npx reranker models fetch tiny'],
  ['what it costs a month', 'npx reranker cost compare --help'],
]
  .map(([what, command]) => `- ${what}:\n    ${command}`)
  .join('\n');

const whole = ({ title, text }: Passage): string => `${title}. ${text}`;

function byScore(passages: readonly Passage[], scores: readonly number[]): Passage[] {
  return passages
    .map((passage, i) => ({ passage, score: scores[i]! }))
    .sort((a, b) => b.score - a.score)
    .map(({ passage }) => passage);
}

/** Place of the right passage, from 1; Infinity where BM25 did not find it, so that nobody could rank it. */
function placeOf({ passage }: Question, order: readonly Passage[]): number {
  const place = order.findIndex(({ id }) => id === passage);
  return place < 0 ? Infinity : place + 1;
}

function show(ranked: Ranked): void {
  say(`\n${colour.bold(`? ${ranked.question}`)}`);
  const rows = Array.from({ length: PLACES }, (_, i) => [
    String(i + 1),
    ...SYSTEMS.map((system) => {
      const passage = ranked.orders[system][i];
      return passage === undefined ? '' : `${passage.id === ranked.passage ? '* ' : ''}${passage.title}`;
    }),
  ]);
  print(table([right(''), ...SYSTEMS.map((heading) => ({ heading }))], rows));
  const [bm25, ...others] = SYSTEMS.map((system) => placeOf(ranked, ranked.orders[system]));
  const moves = others.map((place, i) => `${SYSTEMS[i + 1]!} ${move(bm25!, place)}`);
  say(
    bm25 === Infinity
      ? 'BM25 did not find the right passage.'
      : `* is the right passage: ${moves.join(', ')}`,
  );
}

function move(from: number, to: number): string {
  const text = `${from} -> ${to}`;
  return to < from ? colour.green(text) : to > from ? colour.red(text) : text;
}

function totals(ranked: readonly Ranked[]): string {
  const rows = SYSTEMS.map((system) => {
    const places = ranked.map((each) => placeOf(each, each.orders[system]));
    const bm25 = ranked.map((each) => placeOf(each, each.orders.BM25));
    const count = (is: (place: number, before: number) => boolean): string =>
      String(places.filter((place, i) => is(place, bm25[i]!)).length);
    return [
      system,
      `${count((place) => place === 1)} of ${ranked.length}`,
      (places.reduce((sum, place) => sum + 1 / place, 0) / places.length).toFixed(3),
      system === 'BM25' ? '' : count((place, before) => place < before),
      system === 'BM25' ? '' : count((place, before) => place > before),
    ];
  });
  return table(
    [{ heading: 'order' }, right('right first'), right('MRR'), right('moved up'), right('moved down')],
    rows,
  );
}

const say = (text: string): void => print(wrapped(text));
