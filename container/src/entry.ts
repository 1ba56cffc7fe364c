import { builtFile } from '@sagemaker-reranker/models';

/** What the image sets for its process: glibc keeps memory for each of so many threads, and the server grows by a tenth with as many as it likes. */
export const CONTAINER_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

/** File to run with Node for a server in a process of its own: `node FILE serve [flags]`. */
export function containerEntry(): string {
  return builtFile(__dirname, 'main.js');
}
