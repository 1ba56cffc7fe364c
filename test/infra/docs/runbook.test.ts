import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Precision,
  recommendedInstanceType,
  serverlessMemoryMb,
  sizing,
  variantFigures,
} from '@sagemaker-reranker/infra';
import { usdPerInstanceHour } from '@sagemaker-reranker/cost';
import { VARIANT_IDS } from '@sagemaker-reranker/models';

const page = readFileSync(path.resolve(__dirname, '../../../docs/runbook.md'), 'utf8');
const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

const cases = VARIANT_IDS.flatMap((variant) =>
  (['int8', 'fp32'] as const).map((precision: Precision) => ({ variant, precision })),
);

test.each(cases)(
  'docs/runbook.md has the size of $variant $precision that the code has',
  ({ variant, precision }) => {
    const model = variantFigures(variant, precision);
    const { memoryMib, workers, threads } = sizing('real-time', model);
    const figures = [
      recommendedInstanceType(model),
      memoryMib,
      serverlessMemoryMb(model),
      `${workers} × ${threads}`,
    ];
    const [row] = rows.filter(([, name]) => name === `${variant} ${precision}`);
    expect(row?.slice(2, 6)).toEqual(figures.map(String));
  },
);

test.each([
  ['README.md', 'tiny', /With tiny it costs (\d+) USD a month/],
  ['docs/deploy.md', 'tiny', /It costs (\d+) USD a\s+month for tiny and for turbo/],
  ['docs/deploy.md', 'turbo', /It costs (\d+) USD a\s+month for tiny and for turbo/],
  ['docs/runbook.md', 'tiny', /\| embedded, tiny, turbo: one `\S+` +\| (\d+) +\|/],
  ['docs/runbook.md', 'base', /\| base: one `\S+` +\| (\d+) +\|/],
] as const)('%s has the price of %s a month', (file, variant, shown) => {
  const text = readFileSync(path.resolve(__dirname, '../../..', file), 'utf8');
  const type = recommendedInstanceType(variantFigures(variant, variant === 'base' ? 'fp32' : 'int8'));
  const [, usd] = shown.exec(text)!;
  expect(Number(usd)).toBe(Math.round(730 * usdPerInstanceHour(type, 'us-east-1')!.value));
});
