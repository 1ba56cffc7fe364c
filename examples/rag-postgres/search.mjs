// PostgreSQL finds passages by its full-text search; the reranker puts the best first, fused with PostgreSQL's own scores.
import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { RerankerClient } from '@sagemaker-reranker/client';

const question = process.argv[2] ?? 'search by meaning instead of exact words';
const lines = await readFile(new URL('../../cli/demo/passages.jsonl', import.meta.url), 'utf8');
const passages = lines
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

// PostgreSQL itself, compiled to WebAssembly: the SQL is that of a server.
const database = new PGlite();
await database.exec(`
  CREATE TABLE passages (id text PRIMARY KEY, title text, body text,
    words tsvector GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || body)) STORED);
  CREATE INDEX ON passages USING gin (words)`);
for (const { id, title, text } of passages) {
  await database.query('INSERT INTO passages (id, title, body) VALUES ($1, $2, $3)', [id, title, text]);
}

// Any of the words, as plainto_tsquery would want all of them.
const { rows } = await database.query(
  `SELECT id, title, body, ts_rank_cd(words, query)::float8 AS score
   FROM passages, to_tsquery('english', replace(plainto_tsquery('english', $1)::text, '&', '|')) AS query
   WHERE words @@ query ORDER BY score DESC LIMIT 20`,
  [question],
);

const client = new RerankerClient({
  endpointName: process.env.RERANKER_ENDPOINT_NAME ?? 'any',
  endpoint: process.env.RERANKER_ENDPOINT_URL,
  region: process.env.AWS_REGION ?? 'us-east-1',
});
const { results } = await client.rerank({
  query: question,
  documents: rows,
  text: ({ title, body }) => `${title}. ${body}`,
  firstStageScores: rows.map(({ score }) => score),
  topN: 3,
});
console.log(`? ${question}`);
for (const [i, { document, index }] of results.entries()) {
  console.log(`${i + 1}. ${document.title} (PostgreSQL: place ${index + 1} of ${rows.length})`);
}
client.close();
await database.close();
