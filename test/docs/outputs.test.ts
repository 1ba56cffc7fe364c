import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { saturates } from '@sagemaker-reranker/models';

// Scores of 8-bit weights are others on a processor whose 8-bit products may saturate.
(saturates() ? test.skip : test)(
  'README.md, docs/ and examples/ show what the commands print (node scripts/docs.mjs writes it)',
  async () => {
    await promisify(execFile)(process.execPath, ['scripts/docs.mjs', '--check'], {
      cwd: path.resolve(__dirname, '../..'),
    });
  },
  1_200_000,
);
