// Asks a question of the demo's passages and prints the prompt that a language model is given.
import { RerankerClient } from '@sagemaker-reranker/client';
import { readPassages } from '../passages.js';
import { prompt, Retriever } from './retriever.js';

const [question = 'stop sending calls to a service that is down and use a default answer instead'] =
  process.argv.slice(2);
const client = new RerankerClient({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'reranker',
  endpoint: process.env.RERANKER_ENDPOINT_URL,
});
const best = await new Retriever(client, await readPassages()).retrieve(question, 3);
for (const [i, { passage, bm25Rank }] of best.entries()) {
  console.log(`${i + 1}. ${passage.title} (BM25: place ${bm25Rank})`);
}
console.log(`\n${prompt(question, best)}`);
client.close();
