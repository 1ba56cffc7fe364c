import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../support/until.js';

const directory = mkdtempSync(path.join(tmpdir(), 'reranker-shell-'));
const pidFile = path.join(directory, 'pid');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Stands in for npx: `npx run` says that it runs and goes on for ever, `npx fail` ends at once. */
beforeAll(() => {
  const npx = path.join(directory, 'npx');
  const script = `#!/bin/sh\n[ "$1" = fail ] && { echo out; echo err >&2; exit 3; }\necho $$ > ${pidFile}.part; mv ${pidFile}.part ${pidFile}\nexec sleep 1000\n`;
  writeFileSync(npx, script);
  chmodSync(npx, 0o755);
});
beforeEach(() => rmSync(pidFile, { force: true }));

/** The pid of what runs, once it does. */
async function running(): Promise<number> {
  await until(() => existsSync(pidFile));
  return Number(readFileSync(pidFile, 'utf8'));
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await pause(20);
  }
}

/** A process that runs a command as a rehearsal does, interrupts it when it is told to, and prints how it ended. */
function rehearse(...command: string[]) {
  const shell = path.resolve(__dirname, '../../../cli/dist/rehearse/shell.js');
  const script = `
    const interrupt = new AbortController();
    process.once('SIGINT', () => interrupt.abort());
    const said = [];
    require(${JSON.stringify(shell)})
      .localShell(interrupt.signal, (line) => said.push(line))
      .run(${JSON.stringify(command)})
      .then((answer) => ({ ...answer, said: said.sort() }), ({ message }) => ({ message }))
      .then((ended) => console.log(JSON.stringify(ended)));`;
  const child = spawn(process.execPath, ['-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${directory}:${process.env.PATH}` },
  });
  return {
    child,
    ended: text(child.stdout).then((line) => (line ? (JSON.parse(line) as unknown) : undefined)),
  };
}

test('a deployment ends with a rehearsal that is killed', async () => {
  const { child } = rehearse('npx', 'run');
  const deployment = await running();
  child.kill('SIGKILL');
  await gone(deployment);
});

test('an interrupt ends what runs, and says so', async () => {
  const { child, ended } = rehearse('npx', 'run');
  const deployment = await running();
  child.kill('SIGINT');
  expect(await ended).toEqual({ message: 'interrupted' });
  await gone(deployment);
});

test('what a command says and how it ends is handed over', async () => {
  expect(await rehearse('npx', 'fail').ended).toEqual({
    status: 3,
    stdout: 'out\n',
    stderr: 'err\n',
    said: ['  err', '  out'],
  });
  expect(await rehearse('no-such-program').ended).toEqual({
    status: null,
    stdout: '',
    stderr: 'no-such-program is not installed',
    said: [],
  });
});
