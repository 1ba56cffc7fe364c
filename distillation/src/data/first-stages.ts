import { openSession, tensor } from '@sagemaker-reranker/inference/runtime';
import { DataType, Graph } from '@sagemaker-reranker/models/build';
import type { Collection, DrawnQuery, FirstStage } from './pairs.js';
import type { TermIndex, TermSearch } from './term-index.js';

/** BM25 within the query's collection. */
export function lexicalStage(index: TermIndex, collections: readonly Collection[]): FirstStage {
  let searched: { collection: Collection; search: TermSearch } | undefined;
  const searches = new Map<Collection, TermSearch>();
  return ({ query, record }, _, most) => {
    if (!searched || record < searched.collection.first || record >= searched.collection.end) {
      const collection = collections.find(({ end }) => record < end)!;
      const known = searches.get(collection);
      const search = known ?? index.search(collection.first, collection.end - collection.first);
      if (!known) searches.set(collection, search);
      searched = { collection, search };
    }
    return searched.search
      .find(index.analyze(query), most + 1)
      .filter((found) => found !== record)
      .slice(0, most);
  };
}

/** The nearest by BM25 that do not say the same as the record: negatives that words alone do not tell from it. */
export function lexicalNegatives(index: TermIndex, collections: readonly Collection[]): FirstStage {
  const find = lexicalStage(index, collections);
  return (query, at, most) =>
    find(query, at, 3 * most + 10)
      .filter((found) => !index.same(found, query.record))
      .slice(0, most);
}

/** Queries whose similarities to a collection are computed at once. */
const BLOCK = 256;

/**
 * An encoder's nearest records within the query's collection, as a table [queries, depth] of record numbers; -1 where the
 * collection is smaller.
 * @param queryVectors unit vectors, row-major [queries, width]
 * @param recordVectors unit vectors, row-major [records, width]
 */
export async function nearestRecords(
  queries: readonly DrawnQuery[],
  queryVectors: Float32Array,
  recordVectors: Float32Array,
  collections: readonly Collection[],
  depth: number,
  threads: number,
): Promise<Int32Array> {
  const width = queryVectors.length / Math.max(1, queries.length);
  const table = new Int32Array(queries.length * depth).fill(-1);
  for (const { first, end } of collections) {
    const own = queries.flatMap(({ record }, i) => (record >= first && record < end ? [i] : []));
    const most = Math.min(depth + 1, end - first);
    const part = recordVectors.subarray(first * width, end * width);
    const session = await openSession(searchGraph(part, end - first, width, most), {
      intraOpNumThreads: threads,
    });
    for (let at = 0; at < own.length; at += BLOCK) {
      const block = own.slice(at, at + BLOCK);
      const asked = new Float32Array(block.length * width);
      block.forEach((query, row) =>
        asked.set(queryVectors.subarray(query * width, (query + 1) * width), row * width),
      );
      const feeds = { queries: tensor('float32', asked, [block.length, width]) };
      const found = (await session.run(feeds)).places!.data as BigInt64Array;
      block.forEach((query, row) => {
        let place = query * depth;
        for (const near of found.subarray(row * most, (row + 1) * most)) {
          const record = first + Number(near);
          if (record !== queries[query]!.record && place < (query + 1) * depth) table[place++] = record;
        }
      });
    }
    await session.release();
  }
  return table;
}

/** Inner products with all records and the places of the greatest. */
function searchGraph(vectors: Float32Array, records: number, width: number, most: number): Uint8Array {
  const g = new Graph('nearest');
  const queries = g.input('queries', DataType.FLOAT, ['queries', width]);
  const table = g.initializer('records', DataType.FLOAT, [records, width], vectors);
  const products = g.op('Gemm', [queries, table], { transB: 1 });
  const [, places] = g.ops('TopK', [products, g.int([most])], 2);
  g.output(g.ops('Identity', [places!], ['places'])[0]!, DataType.INT64, ['queries', most]);
  return g.toModel();
}

/** The first stage that a table of `nearestRecords` holds. */
export function tableStage(table: Int32Array, depth: number): FirstStage {
  return (_, at, most) =>
    [...table.subarray(at * depth, at * depth + Math.min(depth, most))].filter((record) => record >= 0);
}
