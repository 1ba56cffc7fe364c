import { builtFile } from '@sagemaker-reranker/models';

/** What the image sets for its process: glibc keeps memory for each of so many threads, and the server grows by a tenth with as many as it likes. */
export const CONTAINER_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

/** Flags of Node for it: garbage is collected before the heap grows, which is by a third over the first 500 requests otherwise. */
export const CONTAINER_FLAGS = ['--optimize-for-size'] as const;

/** File to run with Node for a server in a process of its own: `node CONTAINER_FLAGS FILE serve [flags]`. */
export function containerEntry(): string {
  return builtFile(__dirname, 'main.js');
}
