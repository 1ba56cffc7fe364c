import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Random, packageRoot } from '@sagemaker-reranker/models';

/** Shape of Cranfield: documents, queries, and words of each at the quantiles 0, 10, 25, 50, 75, 90 and 100 %. */
const DOCUMENTS = 1400;
const QUERIES = 225;
const DOCUMENT_WORDS = [20, 79, 111, 156, 227, 293, 689];
const QUERY_WORDS = [6, 9, 13, 17, 22, 26, 46];
const QUANTILES = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1];
const RELEVANT = 8;

/**
 * Writes a collection of Cranfield's shape in BEIR layout. Documents are strung together from sentences of the demo's
 * passages; a query is words of one document, and that document and some others are judged relevant. The same seed
 * gives the same files.
 */
export async function writeCollection(directory: string, seed: number): Promise<void> {
  const random = new Random(seed);
  const sentences = await demoSentences();
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => {
    const words: string[] = [];
    const length = drawLength(random, DOCUMENT_WORDS);
    while (words.length < length) words.push(...sentences[random.below(sentences.length)]!);
    return { _id: `d${i}`, title: words.slice(0, 12).join(' '), text: words.slice(12, length).join(' ') };
  });
  const queries = Array.from({ length: QUERIES }, (_, i) => {
    const words = documents[random.below(DOCUMENTS)]!.text.split(' ');
    const text = Array.from(
      { length: drawLength(random, QUERY_WORDS) },
      () => words[random.below(words.length)],
    );
    return { _id: `q${i}`, text: text.join(' ') };
  });
  const judged = queries.flatMap(({ _id }) => {
    const relevant = new Set(Array.from({ length: RELEVANT }, () => documents[random.below(DOCUMENTS)]!._id));
    return [...relevant].map((id) => `${_id}\t${id}\t1`);
  });
  const jsonLines = (records: readonly object[]): string =>
    records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await mkdir(path.join(directory, 'qrels'), { recursive: true });
  await writeFile(path.join(directory, 'corpus.jsonl'), jsonLines(documents));
  await writeFile(path.join(directory, 'queries.jsonl'), jsonLines(queries));
  await writeFile(path.join(directory, 'qrels', 'test.tsv'), `${judged.join('\n')}\n`);
}

async function demoSentences(): Promise<string[][]> {
  const file = path.resolve(packageRoot(__dirname), '../cli/demo/passages.jsonl');
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines
    .flatMap((line) => (JSON.parse(line) as { text: string }).text.split(/(?<=\.)\s+/))
    .map((sentence) => sentence.split(/\s+/));
}

/** A length between quantiles, all equally likely to be drawn from. */
function drawLength(random: Random, quantiles: readonly number[]): number {
  const at = random.next();
  const above = QUANTILES.findIndex((quantile) => quantile > at);
  const [low, high] = [quantiles[above - 1]!, quantiles[above]!];
  const share = (at - QUANTILES[above - 1]!) / (QUANTILES[above]! - QUANTILES[above - 1]!);
  return Math.round(low + share * (high - low));
}
