import { bm25FirstStage, rank, readBeir } from '@sagemaker-reranker/evaluation';
import { Random } from '@sagemaker-reranker/models';

/** A query with documents that BM25 finds near, a third of them relevant where there are so many. */
export interface JudgedGroup {
  readonly query: string;
  readonly documents: readonly { readonly text: string; readonly isRelevant: boolean }[];
}

const NEAR = 40;

/** Groups of `documents` documents for `queries` queries of a collection in BEIR layout, drawn by a seed. */
export async function judgedGroups(
  directory: string,
  { queries, documents, seed }: { queries: number; documents: number; seed: number },
): Promise<JudgedGroup[]> {
  const collection = await readBeir(directory);
  const { run } = await bm25FirstStage(collection);
  const random = new Random(seed);
  const judged = [...collection.queries]
    .map(([id, text]) => ({ id, text, at: random.below(2 ** 31) }))
    .sort((a, b) => a.at - b.at);
  return judged.slice(0, queries).map(({ id, text }) => {
    const grades = collection.qrels.get(id)!;
    const relevant = [...grades].filter(([, grade]) => grade > 0).map(([document]) => document);
    const near = rank(run.get(id) ?? []).slice(0, NEAR);
    const positives = drawn(relevant, Math.floor(documents / 3), random);
    const negatives = near.filter((document) => !relevant.includes(document));
    const chosen = [...positives, ...drawn(negatives, documents - positives.length, random)];
    return {
      query: text,
      documents: chosen.map((document) => ({
        text: collection.documents.get(document)!.text,
        isRelevant: relevant.includes(document),
      })),
    };
  });
}

function drawn(ids: readonly string[], count: number, random: Random): string[] {
  const left = [...ids];
  return Array.from(
    { length: Math.min(count, left.length) },
    () => left.splice(random.below(left.length), 1)[0]!,
  );
}
