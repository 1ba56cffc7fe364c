import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { InvokeEndpointCommand, SageMakerRuntimeClient } from '@aws-sdk/client-sagemaker-runtime';
import { VARIANT_IDS, packageVersion, readManifest } from '@sagemaker-reranker/models';
import { CLI, reranker, synthesizeTiny } from '../support/cli.js';

let directory: string;
beforeEach(async () => (directory = await mkdtemp(path.join(tmpdir(), 'cli-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('reranker rerank', () => {
  const lines =
    'The cat sat on the mat.\n\nA relational database writes its log before its pages.\nBread needs yeast.\n';

  it('ranks the lines of standard input', async () => {
    const { code, stdout } = await reranker(['rerank', '--query', 'database log', '--json'], lines);
    const answer = JSON.parse(stdout) as {
      total_tokens: number;
      results: { file: string; line: number; text: string }[];
    };
    expect(code).toBe(0);
    expect(answer.results).toHaveLength(3);
    expect(answer.results[0]).toMatchObject({
      file: 'stdin',
      line: 3,
      text: expect.stringContaining('database') as string,
    });
    expect(answer.total_tokens).toBeGreaterThan(20);
  });

  it('ranks paragraphs of files and prints a table of the best', async () => {
    const file = path.join(directory, 'text.txt');
    await writeFile(file, lines);
    const { code, stdout } = await reranker([
      'rerank',
      '--query',
      'database log',
      '--paragraphs',
      '--top',
      '1',
      file,
    ]);
    const rows = stdout.trim().split('\n');
    expect(code).toBe(0);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^rank +score +from +text$/);
    expect(rows[2]).toContain('A relational database writes its log before its pages. Bread needs yeast.');
  });

  it.each([
    [['--query', 'x'], '', 'nothing to rank'],
    [['--query', 'x', 'no-such-file'], '', 'no-such-file cannot be read'],
    [['--query', 'x', '--top', '0'], 'a', 'whole number of at least 1'],
    [['--query', 'x', '--model', 'd', '--endpoint-name', 'e'], 'a', 'give one of them'],
    [['--query', 'x', '--model', 'no-such-directory'], 'a', 'no-such-directory'],
    [[], 'a', "required option '--query <text>'"],
    [['--querry', 'x'], 'a', 'Did you mean --query?'],
    [['--query', 'x', '--region', 'r'], 'a', 'name an endpoint'],
    [['--query', 'x', '--fuse', '2'], 'a', 'a number from 0 to 1'],
  ])('says what is wrong: %j', async (args, input, message) => {
    const { code, stdout, stderr } = await reranker(['rerank', ...args], input);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('reranker models', () => {
  it('lists the variants', async () => {
    const { stdout } = await reranker(['models', 'list']);
    expect(stdout).toMatch(/^turbo +jinabert 6 x 384 +37771777 +8192 .* 49\.60 \[1\] +Apache-2\.0 +en$/m);
    expect(stdout).toMatch(/^turbo: https:\S+jinaai\/jina-reranker-v1-turbo-en$/m);
    const { stdout: json } = await reranker(['models', 'list', '--json']);
    expect((JSON.parse(json) as { id: string }[]).map(({ id }) => id)).toEqual(VARIANT_IDS);
  });

  it('synthesizes a full-size model and shows its manifest', async () => {
    const out = path.join(directory, 'tiny');
    const made = await synthesizeTiny(out);
    expect(made).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('33046273 parameters, int8') as string,
    });
    const shown = await reranker(['models', 'info', out]);
    expect(JSON.parse(shown.stdout)).toMatchObject(await readManifest(out));
    const again = await reranker(['models', 'synthesize', '--variant', 'tiny', '--out', out]);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is not empty') as string });
  });

  it('names what is allowed where a variant or seed is not', async () => {
    const { stderr } = await reranker(['models', 'synthesize', '--variant', 'large', '--out', directory]);
    expect(stderr).toContain('base, turbo, tiny, embedded');
    const seed = await reranker([
      'models',
      'synthesize',
      '--variant',
      'tiny',
      '--seed',
      'x',
      '--out',
      directory,
    ]);
    expect(seed.stderr).toContain('0 to 4294967295');
  });
});

describe('reranker eval beir', () => {
  it('measures a model against BM25', async () => {
    await mkdir(path.join(directory, 'qrels'));
    const corpus = ['a cat sat', 'a database log', 'bread and yeast'].map((text, i) => ({
      _id: `d${i}`,
      title: '',
      text,
    }));
    await writeFile(
      path.join(directory, 'corpus.jsonl'),
      corpus.map((line) => JSON.stringify(line)).join('\n'),
    );
    await writeFile(
      path.join(directory, 'queries.jsonl'),
      JSON.stringify({ _id: 'q', text: 'database log' }),
    );
    await writeFile(path.join(directory, 'qrels', 'test.tsv'), 'query-id\tcorpus-id\tscore\nq\td1\t1\n');
    const { code, stdout } = await reranker(['eval', 'beir', directory]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/BM25 +1\.0000/);
    expect(stdout).toMatch(/embedded +1\.0000/);
  });
});

describe('reranker local', () => {
  it('answers the AWS SDK, passes pings through, and ends cleanly on SIGTERM', async () => {
    const child = spawn(process.execPath, [CLI, 'local', '--port', '0']);
    const exited = new Promise((resolve) => child.on('exit', resolve));
    const url = await new Promise<string>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(chunk)) ?? [];
        if (found) resolve(found);
      });
    });
    expect((await fetch(`${url}/ping`)).status).toBe(200);
    const client = new SageMakerRuntimeClient({
      endpoint: url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    const body = JSON.stringify({ query: 'database log', documents: ['a cat', 'the log of a database'] });
    const answer = await client.send(
      new InvokeEndpointCommand({ EndpointName: 'any', Body: body, ContentType: 'application/json' }),
    );
    const { results } = JSON.parse(answer.Body!.transformToString()) as { results: { index: number }[] };
    expect(results[0].index).toBe(1);
    client.destroy();
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });
});

describe('the command', () => {
  it('is where npx looks for it in a clone', async () => {
    const link = path.resolve(__dirname, '..', '..', 'node_modules', '.bin', 'reranker');
    const { stdout } = await promisify(execFile)(link, ['--version']);
    expect(stdout.trim()).toBe(packageVersion().version);
  });

  it('explains itself and refuses what it does not know', async () => {
    expect((await reranker(['--help'])).stdout).toContain('serve');
    expect((await reranker(['serve', '--help'])).stdout).toContain('--batch-tokens');
    expect((await reranker(['rerank', '--query', 'x', '--fuse', 'file'])).stderr).toContain(
      'files stand before --fuse',
    );
    expect(await reranker(['frobnicate'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('frobnicate') as string,
    });
  });
});
