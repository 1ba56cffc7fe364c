// Retrieval from PostgreSQL: pgvector finds passages by their vectors, full-text search by their words, and the reranker reads
// both.
import { RerankerClient } from '@sagemaker-reranker/client';
import { SentenceEncoder } from '@sagemaker-reranker/inference/runtime';
import { Client } from 'pg';
import { readPassages } from '../passages.js';

interface Row {
  readonly title: string;
  readonly body: string;
  readonly by_vector: number | null;
  readonly by_words: number | null;
}

const [
  directory,
  question = 'stop sending calls to a service that is down and use a default answer instead',
] = process.argv.slice(2);
if (directory === undefined) throw new Error('name the directory of an encoder');

const encoder = await SentenceEncoder.open(directory, { threads: 2 });
const database = new Client({ connectionString: process.env.DATABASE_URL });
await database.connect();
const client = new RerankerClient({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'reranker',
  endpoint: process.env.RERANKER_ENDPOINT_URL,
});

const passages = await readPassages();
const vectors = await encoder.encode(
  passages.map(({ title, text }) => `${title}. ${text}`),
  'document',
);
await database.query('CREATE EXTENSION IF NOT EXISTS vector');
await database.query('DROP TABLE IF EXISTS reranker_example');
await database.query(`CREATE TABLE reranker_example (
  id text PRIMARY KEY, title text, body text, embedding vector(${vectors[0]!.length}),
  words tsvector GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || body)) STORED)`);
await database.query('CREATE INDEX ON reranker_example USING hnsw (embedding vector_cosine_ops)');
await database.query('CREATE INDEX ON reranker_example USING gin (words)');
for (const [i, { id, title, text }] of passages.entries()) {
  await database.query('INSERT INTO reranker_example (id, title, body, embedding) VALUES ($1, $2, $3, $4)', [
    id,
    title,
    text,
    JSON.stringify([...vectors[i]!]),
  ]);
}

const [query] = await encoder.encode([question], 'query');
const { rows } = await database.query<Row>(
  `WITH near AS (
     SELECT id, rank() OVER (ORDER BY embedding <=> $2) AS place FROM reranker_example ORDER BY embedding <=> $2 LIMIT 20
   ), found AS (
     -- Any of the words; plainto_tsquery alone wants all of them.
     SELECT id, rank() OVER (ORDER BY ts_rank_cd(words, query) DESC) AS place
     FROM reranker_example, to_tsquery('english', replace(plainto_tsquery('english', $1)::text, '&', '|')) AS query
     WHERE words @@ query ORDER BY place LIMIT 20
   )
   SELECT title, body, near.place::int AS by_vector, found.place::int AS by_words
   FROM near FULL JOIN found USING (id) JOIN reranker_example USING (id)
   ORDER BY coalesce(1.0 / (60 + near.place), 0) + coalesce(1.0 / (60 + found.place), 0) DESC, title`,
  [question, JSON.stringify([...query!])],
);

// The rows come in the order of both searches; the reranker's own order is added to it.
const { results } = await client.rerank({
  query: question,
  documents: rows,
  text: ({ title, body }) => `${title}. ${body}`,
  fusion: { method: 'reciprocal-rank' },
  topN: 3,
});
const place = (of: number | null): string => (of === null ? 'not found' : String(of));
for (const [i, { document }] of results.entries()) {
  const { title, by_vector: byVector, by_words: byWords } = document;
  console.log(`${i + 1}. ${title} (vectors: ${place(byVector)}, words: ${place(byWords)})`);
}

client.close();
await database.end();
await encoder.close();
