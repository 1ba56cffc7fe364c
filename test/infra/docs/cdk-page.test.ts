import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import ts from 'typescript';
import { removeFixtures } from '../support/fixtures.js';
import { testApp } from '../support/stacks.js';

afterAll(removeFixtures);

const page = readFileSync(path.resolve(__dirname, '../../../docs/cdk.md'), 'utf8');
const examples = [...page.matchAll(/^## (.+)$|```ts\n([^]*?)```/gm)]
  .reduce<{ title: string; code: string }[]>(
    (found, [, title, code]) =>
      title === undefined
        ? [
            ...found.slice(0, -1),
            { title: found.at(-1)!.title, code: code! },
            { title: found.at(-1)!.title, code: '' },
          ]
        : [...found, { title, code: '' }],
    [],
  )
  .filter(({ code }) => code !== '');

test('the page has examples', () => expect(examples.length).toBeGreaterThanOrEqual(8));

test.each(examples)('docs/cdk.md, "$title" synthesizes', ({ code }) => {
  const { outputText, diagnostics } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    reportDiagnostics: true,
  });
  expect(diagnostics).toEqual([]);
  const stack = new Stack(testApp({ 'aws:cdk:bundling-stacks': [] }), 'Yours', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  // What the page says is in scope.
  const run = new Function('stack', 'require', 'exports', outputText) as (...scope: unknown[]) => void;
  run(stack, (name: string): unknown => jest.requireActual(name), {});
  expect(
    Object.keys((Template.fromStack(stack).toJSON() as { Resources: object }).Resources).length,
  ).toBeGreaterThan(0);
});
