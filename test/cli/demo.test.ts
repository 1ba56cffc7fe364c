import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

it('the demo ranks passages for each question and exits 0', async () => {
  const demo = path.resolve(__dirname, '..', '..', 'cli', 'dist', 'demo', 'run.js');
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [demo]);
  expect(stderr).toBe('');
  expect(stdout.match(/^\? /gm)).toHaveLength(5);
  expect(stdout.match(/^ +1 +\d+ +0\.\d{4} /gm)).toHaveLength(5);
  expect(stdout.match(/^\d+ documents, \d+ tokens, \d+ ms$/gm)).toHaveLength(5);
});
