import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';

const WORDS = 'engine database wing flour garden music lamp river glass paper stone cloud'.split(' ');

/** A corpus of twelve records, as its file holds it. */
export const CORPUS = WORDS.map((word, i) => {
  const record = {
    id: word,
    title: `about the ${word}`,
    text: `this text tells of the ${word} and of ${WORDS[(i + 1) % 12]} and how the ${word} was made long before any ${WORDS[(i + 5) % 12]} came`,
  };
  return `${JSON.stringify(record)}\n`;
}).join('');

/** A student that is trained in a second: 40 steps. */
export const STUDENT = {
  name: 'tiny-student',
  architecture: { layers: 2, hidden: 16, heads: 2, intermediate: 16, vocabulary: 28_000 },
  documentType: 1,
  seed: 3,
  trainingTokens: 32,
  maxLength: 256,
  steps: 40,
  groupsPerStep: 4,
  negatives: 3,
  hardShare: { start: 0.5, end: 0.5 },
  learningRate: 0.005,
  warmupSteps: 2,
  weightDecay: 0.01,
  clip: 1,
  loss: { kl: 1, contrastive: 0.2, temperature: 0.5 },
};

/** What makes it, of `corpus.jsonl` beside the config, by one teacher. */
export const CONFIG = {
  corpus: ['corpus.jsonl'],
  candidates: { hard: 3, random: 2, rounds: 2 },
  tokenizer: { file: path.join(embeddedModelDirectory(), 'tokenizer.json') },
  teachers: [{ kind: 'bm25', weight: 1 }],
  student: STUDENT,
  precision: 'int8',
};
