import {
  evaluate,
  type EvaluateOptions,
  type EvaluationResult,
  type Reranker,
} from '../../../evaluation/src/evaluate.js';

const ids = ['d1', 'd2', 'd3'];
export const queryIds = ['q1', 'q2', 'q3'];
export const collection = {
  name: 'small',
  documents: new Map(ids.map((id) => [id, { id, text: `text of ${id}` }])),
  queries: new Map(queryIds.map((id) => [id, `query ${id}`])),
  qrels: new Map([
    ['q1', new Map([['d3', 1]])],
    ['q2', new Map([['d1', 1]])],
    ['q3', new Map([['d2', 1]])],
  ]),
  faults: [{ file: 'corpus.jsonl', line: 7, reason: 'not JSON' }],
};
const ranked = ids.map((id, i) => ({ id, score: 3 - i }));
export const firstStage = {
  name: 'BM25',
  description: 'k1 0.9, b 0.4',
  run: new Map([
    ['q1', ranked],
    ['q2', ranked],
  ]),
  faults: [{ file: 'x.run', line: 2, reason: 'score "high" is not a number' }],
};
const byDigit = (name: string): Reranker => ({
  name,
  rerank: async (_, documents) => documents.map(({ id }) => Number(id.slice(1))),
});
export const measured = async (name = 'by-digit', rag = false): Promise<EvaluationResult> => {
  const options: EvaluateOptions = rag ? { cutoff: 2, compare: ['hitRate', 'mrr'] } : {};
  const [result] = await evaluate(collection, [firstStage], [byDigit(name)], options);
  return result;
};
