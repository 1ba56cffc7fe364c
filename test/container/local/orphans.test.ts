import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { until } from '../../support/until.js';

const root = path.resolve(__dirname, '../../..');
const cli = path.join(root, 'cli/dist/main.js');
const directory = mkdtempSync(path.join(tmpdir(), 'reranker-orphans-'));

/** Parents of all processes (proc(5)); a zombie is none. */
function parents(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state !== 'Z') found.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function descendants(of: number): number[] {
  const all = [...parents()];
  const children = (pid: number): number[] =>
    all.filter(([, parent]) => parent === pid).map(([child]) => child);
  const below = (pid: number): number[] => children(pid).flatMap((child) => [child, ...below(child)]);
  return below(of);
}

async function gone(pids: readonly number[]): Promise<void> {
  await until(() => !pids.some((pid) => parents().has(pid)));
}

/** Resolves when the command has said that it answers. */
async function answering(child: ChildProcess, pattern: RegExp): Promise<void> {
  for await (const line of createInterface({ input: child.stdout! })) if (pattern.test(line)) return;
  throw new Error('the command ended before it answered');
}

/** A judged collection of so many documents, large enough that its evaluation takes a while. */
function collectionOf(documents: number): string {
  const collection = path.join(directory, 'collection');
  mkdirSync(path.join(collection, 'qrels'), { recursive: true });
  const lines = (count: number, text: (i: number) => object): string =>
    Array.from({ length: count }, (_, i) => `${JSON.stringify(text(i))}\n`).join('');
  const corpus = lines(documents, (i) => ({ _id: `d${i}`, text: `database log ${i} `.repeat(50) }));
  writeFileSync(path.join(collection, 'corpus.jsonl'), corpus);
  writeFileSync(
    path.join(collection, 'queries.jsonl'),
    lines(50, (i) => ({ _id: `q${i}`, text: 'database log' })),
  );
  const judged = Array.from({ length: 50 }, (_, i) => `q${i}\td1\t1\n`).join('');
  writeFileSync(path.join(collection, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judged}`);
  return collection;
}

const started: number[] = [];
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // As it should be.
    }
  }
});

async function run(args: readonly string[], pattern: RegExp, more: object = {}): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'ignore'], ...more });
  await answering(child, pattern);
  child.stdout!.resume();
  started.push(child.pid!, ...descendants(child.pid!));
  return child;
}

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a process whose parent has gone', () => {
  const local = [cli, 'local', '--port', '0'];
  const serve = [cli, 'serve', '--port', '0', '--host', '127.0.0.1'];

  it.each([
    ['local', local, /http:\/\/127/, 'SIGTERM'],
    ['local', local, /http:\/\/127/, 'SIGKILL'],
    ['serve', serve, /"ready"/, 'SIGTERM'],
    ['serve', serve, /"ready"/, 'SIGKILL'],
  ] as const)('ends by itself: %s', async (_name, args, pattern, signal) => {
    const child = await run(args, pattern);
    const below = descendants(child.pid!);
    // The container and its inference process.
    expect(below.length).toBeGreaterThanOrEqual(2);
    child.kill(signal);
    await once(child, 'exit');
    await gone(below);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'ends by itself: local, when its npx has got %s',
    async (signal) => {
      const child = spawn('npx', ['--no-install', 'reranker', 'local', '--port', '0'], {
        cwd: root,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      await answering(child, /http:\/\/127/);
      child.stdout.resume();
      const below = descendants(child.pid!);
      started.push(child.pid!, ...below);
      // A shell may stand between; the command, the container and its inference process do not go without it.
      expect(below.length).toBeGreaterThanOrEqual(3);
      child.kill(signal);
      await gone(below);
    },
  );

  const collection = ['--model', embeddedModelDirectory(), collectionOf(300)];
  it.each(
    (['SIGTERM', 'SIGKILL'] as const).flatMap(
      (signal) =>
        [
          ['rerank', ['rerank', '--query', 'log', '-'], signal],
          ['demo', ['demo'], signal],
          ['eval', ['eval', 'beir', '--top-k', '300', ...collection], signal],
          ['cost measure', ['cost', 'measure', '--machine', 'here-2', '--out', directory], signal],
        ] as const,
    ),
  )('ends by itself: what %s has started, when it is ended early', async (_name, args, signal) => {
    // Standard input stays open: `rerank` waits for more of it.
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
    started.push(child.pid!);
    const ended = once(child, 'exit');
    let below: number[] = [];
    await until(() => {
      expect(child.exitCode).toBeNull();
      below = descendants(child.pid!);
      return below.length >= 2;
    });
    started.push(...below);
    child.kill(signal);
    await ended;
    await gone(below);
  });

  it('ends by itself: the inference process of a container that is killed', async () => {
    const child = await run(local, /http:\/\/127/);
    const [container, ...inference] = descendants(child.pid!);
    expect(inference.length).toBeGreaterThanOrEqual(1);
    process.kill(container!, 'SIGKILL');
    await gone(inference);
    child.kill('SIGKILL');
  });
});
