import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  neededMib,
  recommendedInstanceType,
  serverlessMemoryMb,
  weightsOf,
  type Precision,
} from '../../infra';
import { VARIANT_IDS } from '../../models';

const page = readFileSync(path.resolve(__dirname, '../../docs/runbook.md'), 'utf8');
const rows = page.split('\n').map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));

const cases = VARIANT_IDS.flatMap((variant) =>
  (['int8', 'fp32'] as const).map((precision: Precision) => ({ variant, precision })),
);

test.each(cases)(
  'docs/runbook.md has the size of $variant $precision that the code has',
  ({ variant, precision }) => {
    const model = { variant, precision, weightsBytes: weightsOf(variant, precision) };
    const figures = [recommendedInstanceType(variant), neededMib([model]), serverlessMemoryMb(model)];
    const [row] = rows.filter(([, name]) => name === `${variant} ${precision}`);
    expect(row?.slice(2, 5)).toEqual(figures.map(String));
  },
);
