import { readFile } from 'node:fs/promises';

/** A passage of the demo: what the examples search. */
export interface Passage {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

/** The 48 passages of `npm run demo`; examples are run from the root of the repository. */
export async function readPassages(): Promise<Passage[]> {
  const lines = await readFile('cli/demo/passages.jsonl', 'utf8');
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Passage);
}
