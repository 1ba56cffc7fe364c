import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { costCommand } from '../../cli/src/commands/cost.js';
import { type Comparison, HOSTING_MODES } from '@sagemaker-reranker/cost';
import { embeddedModelDirectory, variantFigures } from '@sagemaker-reranker/models';
import { reranker } from '../support/cli.js';
import { inProcess } from './support/in-process.js';

// `reranker cost compare`: its outputs by real processes, its refusals in this one.

let directory: string;
beforeAll(async () => (directory = await mkdtemp(path.join(tmpdir(), 'cost-compare-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

const TYPES = ['--instance-types', 'ml.c7i.xlarge,ml.m5.large'];
const asked = (changes: Readonly<Record<string, string>> = {}): string[] => {
  const options = { variant: 'tiny', 'queries-per-second': '2', documents: '30', tokens: '120', p95: '2s' };
  return ['compare', ...Object.entries({ ...options, ...changes }).flatMap(([k, v]) => [`--${k}`, v])];
};

test('--json: the comparison with every mode, and nothing on standard error', async () => {
  const { code, stdout, stderr } = await reranker(['cost', ...asked(), ...TYPES, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  const comparison = JSON.parse(stdout) as Comparison;
  expect(comparison.question).toMatchObject({ model: { name: 'tiny', precision: 'int8' }, p95Ms: 2000 });
  expect(new Set(comparison.options.map(({ hosting }) => hosting))).toEqual(new Set(HOSTING_MODES));
  const types = new Set(comparison.options.flatMap(({ instanceType }) => instanceType ?? []));
  expect([...types].sort()).toEqual(['ml.c7i.xlarge', 'ml.m5.large']);
});

test('--csv: a header and a row for each option and service', async () => {
  const { code, stdout, stderr } = await reranker(['cost', ...asked(), ...TYPES, '--csv']);
  expect([code, stderr]).toEqual([0, '']);
  const [header, ...rows] = stdout.trimEnd().split('\r\n');
  expect(header).toMatch(/^kind,id,hosting,.*usd_per_month,usd_per_month_low,usd_per_month_high/);
  const count = (kind: string): number => rows.filter((row) => row.startsWith(`${kind},`)).length;
  // Two types in four modes and six serverless sizes.
  expect([count('hosting'), count('service')]).toEqual([14, rows.length - 14]);
});

test('--html writes one page beside the table, and no other file', async () => {
  const file = path.join(directory, 'report.html');
  const { code, stdout, stderr } = await reranker(['cost', ...asked(), ...TYPES, '--html', file]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/USD\/month/);
  expect(stdout).toMatch(/ml\.c7i\.xlarge/);
  const page = await readFile(file, 'utf8');
  expect(page).toMatch(/^<!doctype html>/i);
  expect(page.match(/<svg [^>]*data-chart="(cost|latency)"/g)).toHaveLength(4);
  expect(await readdir(directory)).toEqual(['report.html']);
});

test('a refusal of the real command is one line on standard error', async () => {
  const args = asked({ region: 'us-esat-1', 'queries-per-second': '1e12' });
  const { code, stdout, stderr } = await reranker(['cost', ...args]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/queries-per-second is 1000000000000; it must be from 0\.00001 to 100000/);
  expect(stderr).toMatch(/region "us-esat-1" is not known; did you mean us-east-1/);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test.each([
  [asked({ region: 'eu-wst-1' }), /region "eu-wst-1" is not known; did you mean .*eu-west-1/],
  [asked({ region: 'cn-north-1' }), /region "cn-north-1" has prices in CNY.*ap-east-1/],
  [[...asked(), '--instance-types', 'ml.c7i.xlrage'], /no such size.*did you mean ml\.c7i\.xlarge/],
  [[...asked(), '--instance-types', 'ml.g5.xlarge'], /is no CPU type that SageMaker hosts on/],
  [[...asked(), '--instance-types', 'ml.c7i.xlarge,'], /names separated by commas/],
  [asked({ variant: 'tinny' }), /variant "tinny" is not known.*did you mean tiny/],
  [asked({ 'queries-per-second': '-5' }), /a number above 0/],
  [asked({ documents: '0' }), /a number above 0/],
  [asked({ documents: '20000' }), /documents is 20000; it must be from 1 to 10000/],
  [asked({ tokens: '99999' }), /tokens is 99999; it must be from 4 to 8192/],
  [asked({ p95: '300' }), /a duration above 0 with its unit/],
  [asked({ duty: 'busines-hours' }), /duty "busines-hours" is not known.*did you mean business-hours/],
  [asked({ duty: '900h/3' }), /has 900 hours a month; it must be above 0 and at most 730/],
  [asked({ rows: '-1' }), /a whole number, 0 for all/],
  [asked({ measurements: '/nowhere' }), /\/nowhere cannot be read \(ENOENT\)/],
  [[...asked(), '--json', '--csv'], /exclude each other/],
  [
    ['compare', '--variant', 'tiny'],
    /missing: --queries-per-second or --profile, --documents or --sample, --tokens or --sample, --p95/,
  ],
  [[...asked(), '--profile', '1,2'], /a profile has 24 rates.*this one has 2: 1,2/],
  [[...asked(), '--profile', Array(24).fill(1).join(',')], /leave --queries-per-second out/],
  [[...asked(), '--zones', '7'], /zones is 7; it must be from 1 to 6/],
  [[...asked(), '--savings-plan', '2yr'], /Allowed choices are 1yr, 3yr/],
  [[...asked(), '--sample', '/nowhere'], /--sample: \/nowhere cannot be read \(ENOENT\)/],
  [['compare', '--link', 'report.html#colour=red'], /carries colour=red, which is no option/],
  [['compare', '--link', 'report.html#variant=tiny&documents=0'], /a number above 0/],
  [['check', '--measurements', '/nowhere'], /\/nowhere cannot be read/],
])('%j is refused', async (args, message) => {
  await expect(inProcess(costCommand(), args)).rejects.toThrow(message);
});

test('--link asks the question of a page again; options beside it count for more', async () => {
  const file = path.join(directory, 'linked.html');
  const own = ['--zones', '2', '--total', '--duty', 'business-hours', '--savings-plan', '1yr'];
  const first = await reranker(['cost', ...asked(), ...own, ...TYPES, '--html', file, '--json']);
  const [, fragment] = /href="(#variant=[^"]*)"/.exec(await readFile(file, 'utf8'))!;
  const link = `https://tickets.example/report.html${fragment!.replaceAll('&amp;', '&')}`;
  const again = await reranker(['cost', 'compare', '--link', link, ...TYPES, '--json']);
  const question = ({ stdout }: { stdout: string }) => (JSON.parse(stdout) as Comparison).question;
  expect(question(again)).toEqual(question(first));
  const other = await reranker(['cost', 'compare', '--link', link, '--variant', 'turbo', ...TYPES, '--json']);
  expect(question(other)).toEqual({ ...question(first), model: variantFigures('turbo', 'int8') });
});

test('--model takes any model directory, beside variants, and its link and command name it again', async () => {
  const own = embeddedModelDirectory();
  const args = ['cost', ...asked(), '--model', own, ...TYPES];
  const { stdout, stderr } = await reranker([...args, '--json']);
  expect(stderr).toBe('');
  const questions = (JSON.parse(stdout) as Comparison[]).map(({ question }) => question);
  expect(questions.map(({ model, modelDirectory }) => [model.name, modelDirectory])).toEqual([
    ['tiny', undefined],
    ['embedded', own],
  ]);
  const markdown = await reranker([...args, '--markdown']);
  expect(markdown.stdout).toContain(`--variant tiny --precision int8 --model ${own} `);
  await expect(inProcess(costCommand(), [...asked(), '--model', '/nowhere'])).rejects.toThrow(
    'no model directory at /nowhere',
  );
});

test('several variants and rates side by side, with the published quality; Markdown for a ticket', async () => {
  const several = asked({ variant: 'tiny,turbo', 'queries-per-second': '1,10' });
  const { stdout } = await reranker(['cost', ...several, ...TYPES, '--rows', '1']);
  expect(stdout.split('\n\n')[0]!.split('\n')).toHaveLength(6);
  expect(stdout).toMatch(/^tiny int8 +1 .* 48\.54$/m);
  expect(stdout).toMatch(/^turbo int8 +10 .* 49\.6$/m);
  const json = await reranker(['cost', ...several, ...TYPES, '--json']);
  expect((JSON.parse(json.stdout) as Comparison[]).map(({ question }) => question.model.name)).toEqual([
    ...['tiny', 'tiny', 'turbo', 'turbo'],
  ]);
  const markdown = await reranker(['cost', ...asked(), ...TYPES, '--markdown']);
  expect(markdown.stdout).toMatch(/^\*\*Cheapest: .*\*\*, \$/m);
  expect(markdown.stdout).toMatch(/```sh\nreranker cost compare --variant tiny/);
});

test('--sample counts documents and tokens of queries; a line that is none is named', async () => {
  const file = path.join(directory, 'sample.jsonl');
  const line = (documents: readonly unknown[]): string => JSON.stringify({ query: 'small cat', documents });
  await writeFile(file, `${line(['a cat', { text: 'a dog and a cat' }])}\n${line(['one', 'two'])}\n`);
  const options = ['--variant', 'tiny', '--queries-per-second', '1', '--p95', '2s', '--sample', file];
  const { stdout } = await reranker(['cost', 'compare', ...options, ...TYPES, '--json']);
  const { question } = JSON.parse(stdout) as Comparison;
  expect(question.documentsPerQuery).toBe(2);
  // Two tokens of the query, three of the pair, and one to five of the document.
  expect(question.tokensPerPair).toBeGreaterThan(6);
  expect(question.tokensPerPair).toBeLessThan(10);
  await writeFile(file, `${line(['a'])}\n{"query":"x"}\n`);
  const broken = await reranker(['cost', 'compare', ...options]);
  expect([broken.code, broken.stderr]).toEqual([
    1,
    expect.stringMatching(/sample\.jsonl:2: it must be an object with a query and a list of documents/),
  ]);
});

test('an impossible target is answered with what would be needed', async () => {
  const { code, stdout } = await reranker(['cost', ...asked({ documents: '1000', p95: '50ms' }), ...TYPES]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/No option meets the target/);
  expect(stdout).toMatch(
    /50 ms needs about \d+ vCPUs of this family in one instance or at most \d+ documents/,
  );
});

test('a page that cannot be written is named, and no table is printed', async () => {
  const file = path.join(directory, 'no-such-folder', 'report.html');
  const { code, stdout, stderr } = await reranker(['cost', ...asked(), ...TYPES, '--html', file]);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`${file} cannot be written`);
});
