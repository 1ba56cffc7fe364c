import { Document, type DocumentInterface } from '@langchain/core/documents';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { VectorStore } from '@langchain/core/vectorstores';
import Database from 'libsql';
import { getLoadablePath } from 'sqlite-vec';

interface Row {
  readonly page_content: string;
  readonly metadata: string;
  readonly distance: number;
}

/** LangChain's vector store over sqlite-vec: the texts and their vectors in one SQLite file. */
export class SqliteVectorStore extends VectorStore {
  readonly #database: Database.Database;

  /** @param file where SQLite keeps the texts; `:memory:` keeps them nowhere */
  constructor(embeddings: EmbeddingsInterface, file: string) {
    super(embeddings, {});
    this.#database = new Database(file);
    this.#database.loadExtension(getLoadablePath());
  }

  override _vectorstoreType(): string {
    return 'sqlite-vec';
  }

  override async addDocuments(documents: DocumentInterface[]): Promise<void> {
    const vectors = await this.embeddings.embedDocuments(documents.map(({ pageContent }) => pageContent));
    await this.addVectors(vectors, documents);
  }

  override async addVectors(vectors: number[][], documents: DocumentInterface[]): Promise<void> {
    if (vectors.length === 0) return;
    // Columns with a plus are kept beside the vector and not searched.
    this.#database.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS texts USING vec0(
      embedding float[${vectors[0]!.length}] distance_metric=cosine, +page_content text, +metadata text)`);
    const insert = this.#database.prepare(
      'INSERT INTO texts (embedding, page_content, metadata) VALUES (?, ?, ?)',
    );
    this.#database.transaction(() => {
      documents.forEach(({ pageContent, metadata }, i) =>
        insert.run(JSON.stringify(vectors[i]), pageContent, JSON.stringify(metadata)),
      );
    })();
  }

  /** The nearest texts with their cosine, nearest first. */
  override async similaritySearchVectorWithScore(query: number[], k: number): Promise<[Document, number][]> {
    const rows = this.#database
      .prepare(
        'SELECT page_content, metadata, distance FROM texts WHERE embedding MATCH ? AND k = ? ORDER BY distance',
      )
      .all(JSON.stringify(query), k) as Row[];
    return rows.map(({ page_content: pageContent, metadata, distance }) => [
      new Document({ pageContent, metadata: JSON.parse(metadata) as Record<string, unknown> }),
      1 - distance,
    ]);
  }

  close(): void {
    this.#database.close();
  }
}
