import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { search } from 'jmespath';
import { commandsOf, faultsOf, parse, SHAPES, type AwsCommand } from '../support/aws-commands.js';

const docs = path.resolve(__dirname, '../../../docs');
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
  .map((name) => ({ name, text: readFileSync(path.join(docs, name), 'utf8') }));
/** Commands on the pages; one that is only named, or with a single option in a sentence, takes what it is told elsewhere. */
const commands = pages.flatMap(({ name: page, text }) =>
  commandsOf(text, 'aws')
    .map(parse)
    .map((command) => ({ page, ...command })),
);
const whole = commands.filter(({ page, options }) => options.size > (page === 'runbook.md' ? 0 : 1));

test('the runbook has the commands of an engineer who is paged', () => {
  const names = commands.filter(({ page }) => page === 'runbook.md').map(({ name }) => name);
  expect(new Set(names).size).toBeGreaterThanOrEqual(20);
  expect(names).toContain('sagemaker wait endpoint-in-service');
  expect(names).toContain('logs start-query');
});

test.each(
  whole.map((command) => [command.page, [command.name, ...command.options.keys()].join(' --'), command]),
)('%s: aws %s is a command that the CLI takes', (_, __, command) => expect(faultsOf(command)).toEqual([]));

test('what the CLI would refuse is found', () => {
  const faults = (line: string) =>
    commandsOf(`\`${line}\``, 'aws').flatMap((words) => faultsOf(parse(words)));
  expect(faults('aws sagemaker update-endpoint --endpoint-name x')).toEqual([
    'sagemaker update-endpoint: --endpoint-config-name is missing',
  ]);
  expect(faults('aws cloudwatch describe-alarms --state-value ALARMED --alarm-name-prefx a')).toEqual([
    'cloudwatch describe-alarms: --state-value ALARMED is none of OK, ALARM, INSUFFICIENT_DATA',
    'cloudwatch describe-alarms: no such option --alarm-name-prefx',
  ]);
  expect(faults('aws sagemaker revive-endpoint --endpoint-name x')).toEqual([
    'sagemaker revive-endpoint: no such command in aws-cli.json',
  ]);
});

/** An answer in which everything that the API can answer is there. */
function everything(shape: unknown, of: string): unknown {
  if (shape === 'timestamp') return '2026-11-25T10:00:00Z';
  if (typeof shape === 'string') return of;
  if (!Array.isArray(shape)) {
    const members = Object.entries(shape as Record<string, unknown>);
    return Object.fromEntries(members.map(([name, member]) => [name, everything(member, name)]));
  }
  // An enumeration, or a list of what it holds.
  if (shape.every((each) => typeof each === 'string') && shape.length > 1) return shape[0];
  return [everything(shape[0], of)];
}

/** Members that a query asks for, without what it compares them with. */
function asked(query: string): string[] {
  return [...query.replaceAll(/'[^']*'|`[^`]*`/g, '').matchAll(/[A-Za-z]\w*/g)].map(([name]) => name);
}

function namesIn(answer: unknown): string[] {
  if (typeof answer !== 'object' || answer === null) return [];
  const names = Array.isArray(answer) ? [] : Object.keys(answer);
  return [...names, ...Object.values(answer).flatMap(namesIn)];
}

const queried = whole.flatMap((command: AwsCommand & { page: string }) => {
  const [query] = command.options.get('query') ?? [];
  return query === undefined ? [] : [[command.name, query] as const];
});

test.each(queried)('the query of aws %s asks for what the API answers: %s', (name, query) => {
  const answer = everything(SHAPES[name]!.answer, name);
  expect(namesIn(answer)).toEqual(expect.arrayContaining(asked(query)));
  // Without its conditions, whose values no fixture of shapes has.
  const found = search(answer, query.replaceAll(/\[\?.*\](?=\.\[|$)/gs, '[]'));
  expect(JSON.stringify(found)).not.toMatch(/^(\[\]|null)$|null/);
});

test('the values that a query compares with are ones that the API answers', () => {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    ResourceStatus: (
      SHAPES['cloudformation describe-stack-events']!.answer as {
        StackEvents: [{ ResourceStatus: string[] }];
      }
    ).StackEvents[0].ResourceStatus,
  };
  const compared = queried.flatMap(([, query]) => [...query.matchAll(/(\w+)=='([^']*)'/g)]);
  expect(compared.length).toBeGreaterThan(3);
  for (const [, member, value] of compared) if (allowed[member!]) expect(allowed[member!]).toContain(value);
});
