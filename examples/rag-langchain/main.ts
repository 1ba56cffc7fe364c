// Retrieval for RAG with LangChain.js: sqlite-vec finds passages by their vectors, the reranker reads them, and the best go
// into the prompt of a chat model.
import { Document } from '@langchain/core/documents';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RerankerClient } from '@sagemaker-reranker/client';
import { RerankerCompressor } from '@sagemaker-reranker/client/langchain';
import { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import { readPassages } from '../passages.js';
import { EncoderEmbeddings } from './encoder-embeddings.js';
import { SqliteVectorStore } from './sqlite-vector-store.js';

const [
  directory,
  question = 'stop sending calls to a service that is down and use a default answer instead',
] = process.argv.slice(2);
if (directory === undefined) throw new Error('name the directory of an encoder');

const encoder = await SentenceEncoder.open(directory, { threads: 2 });
const store = new SqliteVectorStore(new EncoderEmbeddings(encoder), ':memory:');
const client = new RerankerClient({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'reranker',
  endpoint: process.env.RERANKER_ENDPOINT_URL,
});

const passages = await readPassages();
await store.addDocuments(
  passages.map(({ title, text }) => new Document({ pageContent: `${title}. ${text}`, metadata: { title } })),
);

const nearest = await store.similaritySearchWithScore(question, 20);
const candidates = nearest.map(
  ([{ pageContent, metadata }, score], i) =>
    new Document({ pageContent, metadata: { ...metadata, score, place: i + 1 } }),
);
const compressor = new RerankerCompressor({
  client,
  topN: 3,
  firstStageScore: ({ metadata }) => metadata.score as number,
});
const best = await compressor.compressDocuments(candidates, question);
for (const [i, { metadata }] of best.entries()) {
  console.log(`${i + 1}. ${metadata.title as string} (sqlite-vec: place ${metadata.place as number})`);
}

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'Answer from these sources and cite them by number.\n\n{sources}'],
  ['human', '{question}'],
]);
const sources = best.map(({ pageContent }, i) => `[${i + 1}] ${pageContent}`).join('\n');
const { length } = (await prompt.invoke({ sources, question })).toString();
console.log(`The prompt for the chat model has ${length} characters.`);

client.close();
store.close();
await encoder.close();
