import { cp, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { evalCommand } from '../../cli/src/commands/eval.js';
import { explain } from '../../models/src/common/failure.js';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { containerEntry } from '@sagemaker-reranker/container';
import { startLocalEndpoint } from '../../container/src/local/index.js';
import { reranker } from '../support/cli.js';

// A container starts in them: a deadline against a hang, however busy the machine.
const DEADLINE_MS = 120_000;

let directory: string;
let collection: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'cli-eval-'));
  collection = path.join(directory, 'small');
  await mkdir(path.join(collection, 'qrels'), { recursive: true });
  const corpus = ['a cat sat', 'a database log', 'bread and yeast'];
  const lines = corpus.map((text, i) => JSON.stringify({ _id: `d${i}`, title: '', text }));
  await writeFile(path.join(collection, 'corpus.jsonl'), lines.join('\n'));
  await writeFile(path.join(collection, 'queries.jsonl'), '{"_id":"q","text":"database log"}\n');
  await writeFile(path.join(collection, 'qrels', 'test.tsv'), 'query-id\tcorpus-id\tscore\nq\td1\t1\n');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Report {
  readonly first_stage: string;
  readonly malformed: { readonly count: number };
  readonly measured: readonly { readonly name: string; readonly metrics: Record<string, number> }[];
}

/** What the command says of arguments that it refuses; in this process, as nothing is started for them. */
async function refusal(args: readonly string[]): Promise<string> {
  const program = new Command('reranker').addCommand(evalCommand());
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    command.commands.forEach(quiet);
  };
  quiet(program);
  const error: unknown = await program.parseAsync(['eval', ...args], { from: 'user' }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error(`eval ${args.join(' ')} was not refused`);
  return explain(error);
}

describe('reranker eval beir', () => {
  it(
    'measures a container and an endpoint over a run, and writes page and runs',
    async () => {
      const run = path.join(directory, 'in.run');
      await writeFile(run, 'q Q0 d0 1 3 dense\nq Q0 d1 2 2 dense\nq Q0 nowhere 3 1 dense\n');
      const page = path.join(directory, 'report.html');
      const runs = path.join(directory, 'runs');
      const endpoint = await startLocalEndpoint({ port: 0, containerEntry: containerEntry() });
      try {
        const targets = [
          '--model',
          embeddedModelDirectory(),
          '--endpoint-name',
          'some',
          '--url',
          endpoint.url,
        ];
        const outputs = ['--json', '--html', page, '--write-run', runs];
        const args = ['--run', run, '--lenient', ...targets, ...outputs, collection];
        const { code, stdout, stderr } = await reranker(['eval', 'beir', ...args]);
        expect(code).toBe(0);
        const { evaluations } = JSON.parse(stdout) as { evaluations: Report[] };
        const [report] = evaluations;
        expect(report.measured.map(({ name }) => name)).toEqual([
          'dense',
          'embedded',
          'dense + embedded',
          'some',
          'dense + some',
        ]);
        expect(report.measured[0].metrics['MRR@10']).toBe(0.5);
        expect(report.measured[3].metrics['MRR@10']).toBe(1);
        expect(report.malformed.count).toBe(1);
        expect(stderr).toContain(`${run}:3: unknown document "nowhere"`);
      } finally {
        await endpoint.close();
      }
      expect(await readFile(page, 'utf8')).toContain('Reranking small');
      expect(await readdir(runs)).toContain('some.run');
      expect(await readFile(path.join(runs, 'some.run'), 'utf8')).toMatch(/^q Q0 d1 1 \S+ some\n/);
    },
    DEADLINE_MS,
  );

  it(
    'takes encoders as first stages of several collections, and goes on by what it keeps',
    async () => {
      const second = path.join(directory, 'second');
      await cp(collection, second, { recursive: true });
      const encoder = path.join(__dirname, '../fixtures/sentence-encoders/bert-cls');
      const work = path.join(directory, 'work');
      const args = ['eval', 'beir', collection, second, '--first-stage', encoder, '--work', work];
      const { code, stdout } = await reranker([...args, '--json']);
      expect(code).toBe(0);
      const { evaluations, summary } = JSON.parse(stdout) as {
        evaluations: Report[];
        summary: { columns: string[]; rows: { name: string }[] }[];
      };
      const stages = ['BM25', 'bert-cls', 'BM25 + bert-cls'];
      expect(evaluations.map(({ measured }) => measured[0].name)).toEqual([...stages, ...stages]);
      expect(evaluations[1].first_stage).toContain('before a query "query: "');
      expect(summary[0].columns).toEqual(
        ['small', 'second'].flatMap((name) => stages.map((stage) => `${name}, ${stage}`)),
      );
      const kept = await readdir(work);
      expect(kept.filter((name) => name.endsWith('.jsonl'))).toHaveLength(1);
      const times = async (): Promise<number[]> =>
        Promise.all(kept.map(async (name) => (await stat(path.join(work, name))).mtimeMs));
      const before = await times();
      const again = await reranker(args);
      expect(again.stdout).toMatch(/^first stage alone( +\d\.\d{4}){7}$/m);
      expect(await times()).toEqual(before);
    },
    DEADLINE_MS,
  );

  it.each([
    [[], 'name a directory, or a collection with --download'],
    [['--download', 'none'], 'no BEIR collection "none"; there are arguana'],
    [['no-such-directory'], 'corpus.jsonl is missing'],
    [['x', '--run', 'r', '--k1', '1'], '--run replaces'],
    [['x', '--model', 'm', '--model', 'm'], 'm is named twice'],
    [['x', '--region', 'eu-west-1'], 'name an endpoint'],
    [['x', '--html', 'no-such-directory/x.html'], 'cannot be written'],
    [['x', 'y', '--run', 'r'], '--run is of one collection'],
    [['x', '--first-stage', 'e', '--first-stage', 'e'], '--first-stage e is named twice'],
    [['x', '--weight', '2'], 'a number from 0 to 1'],
    [['x', '--top-k', '0'], 'whole number of at least 1'],
  ])('says what is wrong: %j', async (args, message) => {
    const said = await refusal(['beir', ...args]);
    expect(said).toContain(message);
    expect(said).not.toMatch(/^ +at /m);
  });

  it('ends with the message alone on standard error, and with a status that says so', async () => {
    const { code, stdout, stderr } = await reranker(['eval', 'beir', path.join(directory, 'none')]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^reranker: .*corpus\.jsonl is missing: .*\n$/);
  });

  it('refuses a collection that judges nothing relevant before a model is started', async () => {
    await writeFile(path.join(collection, 'qrels', 'test.tsv'), 'q\td0\t0\nq\td1\t-1\n');
    expect(await refusal(['beir', collection])).toContain('judges no document relevant');
  });
});

describe('reranker eval rag', () => {
  it(
    "measures LlamaIndex's dataset with the embedded model",
    async () => {
      const file = path.join(directory, 'qa.json');
      const dataset = {
        queries: { q: 'database log' },
        corpus: { n0: 'a cat', n1: 'a database log' },
        relevant_docs: { q: ['n1'] },
      };
      await writeFile(file, JSON.stringify(dataset));
      const { code, stdout } = await reranker(['eval', 'rag', file]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ +Hit@5 +MRR@5 /m);
      expect(stdout).toMatch(/^embedded +1\.0000 +1\.0000/m);
    },
    DEADLINE_MS,
  );
});
