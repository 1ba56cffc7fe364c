import { homedir } from 'node:os';
import path from 'node:path';

/** A folder of the user's for what can be fetched again, by the XDG base directory specification. */
export function cacheDirectory(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  return path.join(base, 'sagemaker-reranker', name);
}
