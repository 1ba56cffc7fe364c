import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLocalEndpoint, type LocalEndpoint } from '../../container/src/local/index.js';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { CLI, bash } from '../support/cli.js';

// Each block starts containers: a deadline against a hang, however busy the machine.
const DEADLINE_MS = 180_000;
const root = path.resolve(__dirname, '..', '..');

let directory: string;
let endpoint: LocalEndpoint;
let page: string;
beforeAll(async () => {
  page = await readFile(path.join(root, 'docs', 'evaluation.md'), 'utf8');
  directory = await mkdtemp(path.join(tmpdir(), 'docs-evaluation-'));
  const containerEntry = path.join(root, 'container', 'dist', 'main.js');
  endpoint = await startLocalEndpoint({ port: 0, containerEntry });
}, DEADLINE_MS);
afterAll(async () => {
  await endpoint.close();
  await rm(directory, { recursive: true, force: true });
});

/** What a command prints, without what another embedded model or machine changes: figures and the columns' width. */
const shape = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .replace(/[+-]?\d+(\.\d+)?/g, '0')
        .replace(/ {2,}/g, '  '),
    );

test(
  'the commands of docs/evaluation.md run one after the other and print what it shows',
  async () => {
    // Each block of commands, with the output shown below it if there is any; a download needs the network.
    const steps = [...page.matchAll(/```sh\n([^]*?)```(?:\n\n```text\n([^]*?)```)?/g)]
      .map(([, commands, shown]) => ({ commands, shown }))
      .filter(({ commands }) => !commands.includes('--download'));
    expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(1);
    for (const { commands, shown } of steps) {
      const script = commands
        .replaceAll('npx reranker', `"${process.execPath}" "${CLI}"`)
        .replaceAll('http://127.0.0.1:8080', endpoint.containerUrl)
        .replaceAll('http://127.0.0.1:8081', endpoint.url);
      const env = { ...process.env, MODEL: embeddedModelDirectory() };
      const { stdout, stderr } = await bash(script, { cwd: directory, env });
      if (shown !== undefined) expect(shape(stdout + withoutProgress(stderr))).toEqual(shape(shown));
    }
    expect(await readFile(path.join(directory, 'report.html'), 'utf8')).toContain('Reranking shop');
    const {
      evaluations: [report],
    } = JSON.parse(await readFile(path.join(directory, 'report.json'), 'utf8')) as {
      evaluations: { measured: { name: string }[] }[];
    };
    expect(report.measured.map(({ name }) => name)).toEqual(['BM25', 'any', 'BM25 + any']);
  },
  DEADLINE_MS,
);

/** A slow machine is told how far the work is. */
function withoutProgress(text: string): string {
  return text.replace(/^.*: \d+ of \d+ queries.*\n/gm, '');
}
