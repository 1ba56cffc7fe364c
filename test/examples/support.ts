import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLocalEndpoint, type LocalEndpoint } from '../../container/src/local/index.js';
import { synthesizeModel } from '../../models/src/directory/synthesize.js';

/** The real container with a small model of random weights, behind the Runtime API. */
export async function startReranker(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'examples-'));
  const out = path.join(scratch, 'model');
  await synthesizeModel({
    model: { layers: 1, hidden: 32, heads: 2, intermediate: 64, vocabulary: 28_000 },
    seed: 7,
    out,
    maxLength: 512,
  });
  const local: LocalEndpoint = await startLocalEndpoint({
    port: 0,
    modelDirectory: out,
    containerEntry: path.resolve(__dirname, '../../container/dist/main.js'),
  });
  return {
    url: local.url,
    close: async () => {
      await local.close();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}
