import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Version of this package; dist/cli/ and cli/ are both below its root. */
export function packageVersion(): string {
  const places = ['..', path.join('..', '..')].map((up) => path.resolve(__dirname, up, 'package.json'));
  for (const file of places) {
    try {
      return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    } catch {
      // The other place has it.
    }
  }
  throw new Error('package.json of sagemaker-reranker not found');
}
