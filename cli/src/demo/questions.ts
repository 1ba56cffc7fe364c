import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '@sagemaker-reranker/models';

export interface Passage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** A question with the one passage that answers it; see cli/demo/README.md for how they were chosen. */
export interface Question {
  readonly question: string;
  readonly passage: string;
}

export function demoPassages(): Passage[] {
  return lines('passages.jsonl') as Passage[];
}

export function demoQuestions(): Question[] {
  return lines('questions.jsonl') as Question[];
}

function lines(name: string): unknown[] {
  const text = readFileSync(path.join(packageRoot(__dirname), 'demo', name), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
