import { builtFile } from '@sagemaker-reranker/models';

/** File to run with Node for a server in a process of its own: `node FILE serve [flags]`. */
export function containerEntry(): string {
  return builtFile(__dirname, 'main.js');
}
