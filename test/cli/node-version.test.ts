import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const bin = path.resolve(__dirname, '../../cli/bin/reranker.js');
const directory = mkdtempSync(path.join(tmpdir(), 'old-node-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each(['14.21.3', '18.20.8', '20.2.0'])('Node %s gets one line', (version) => {
  const old = path.join(directory, 'old.js');
  const versions = JSON.stringify({ ...process.versions, node: version });
  writeFileSync(old, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', old, bin, '--help'], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: `reranker: needs Node 20.3 or newer; this is Node ${version}\n`,
  });
});

test('a clone that is not built gets one line', () => {
  mkdirSync(path.join(directory, 'bin'));
  const unbuilt = path.join(directory, 'bin', 'reranker.js');
  copyFileSync(bin, unbuilt);
  const { status, stdout, stderr } = spawnSync(process.execPath, [unbuilt, '--help'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr: 'reranker: this clone is not built yet: run "npm run build" in it first\n',
  });
});
