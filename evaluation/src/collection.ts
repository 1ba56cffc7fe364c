import { EvaluationError } from './errors.js';
import type { Fault, Faults } from './lines.js';
import type { Qrels } from './metrics.js';

/** A document as the stages read it. */
export interface EvaluationDocument {
  readonly id: string;
  /** Title and text joined by a space, as BEIR's own models read it. */
  readonly text: string;
}

/** A test collection. Only queries with judgements are in it: others cannot be scored. */
export interface Collection {
  readonly name: string;
  readonly documents: ReadonlyMap<string, EvaluationDocument>;
  /** Query text by query id. */
  readonly queries: ReadonlyMap<string, string>;
  readonly qrels: Qrels;
  /** What was left out; empty unless read leniently. */
  readonly faults: readonly Fault[];
}

export interface ReadOptions {
  /** Leave out what is malformed and report it, instead of stopping. */
  readonly lenient?: boolean;
}

interface Parts {
  readonly name: string;
  readonly documents: ReadonlyMap<string, EvaluationDocument>;
  /** All queries, judged or not. */
  readonly queries: ReadonlyMap<string, string>;
  readonly qrels: Qrels;
}

/**
 * The collection of what was read.
 * @param source what messages name: a file or directory.
 * @throws EvaluationError `collection_invalid` for faults, unless lenient; for a part that is empty, and for judgements
 * that call nothing relevant, lenient or not.
 */
export function assemble(
  { name, documents, queries, qrels }: Parts,
  source: string,
  faults: Faults,
  { lenient = false }: ReadOptions,
): Collection {
  if (!lenient) faults.throwIfAny('collection_invalid');
  const left = faults.list.length > 0 ? ` left without the ${faults.list.length} malformed lines` : '';
  for (const [what, part] of Object.entries({ documents, queries, judgements: qrels })) {
    if (part.size === 0) throw new EvaluationError('collection_invalid', `${source} has no ${what}${left}`);
  }
  const judged = [...qrels.values()];
  if (!judged.some((grades) => [...grades.values()].some((grade) => grade > 0))) {
    const message = `${source} judges no document relevant: every grade is 0 or less, so every figure would be 0`;
    throw new EvaluationError('collection_invalid', message);
  }
  return {
    name,
    documents,
    queries: new Map([...queries].filter(([id]) => qrels.has(id))),
    qrels,
    faults: faults.list,
  };
}
