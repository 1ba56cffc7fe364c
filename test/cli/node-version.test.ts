import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const directory = mkdtempSync(path.join(tmpdir(), 'old-node-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(['14.21.3', '18.20.8', '20.2.0'])('Node %s gets one line', (version) => {
  const old = path.join(directory, 'old.js');
  const versions = JSON.stringify({ ...process.versions, node: version });
  writeFileSync(old, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  const bin = path.resolve(__dirname, '../../cli/bin/reranker.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', old, bin, '--help'], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `reranker: needs Node 20.3 or newer; this is Node ${version}\n`,
  });
});
