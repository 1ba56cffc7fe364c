import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Precision,
  recommendedInstanceType,
  serverlessMemoryMb,
  sizing,
  variantFigures,
} from '@sagemaker-reranker/infra';
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
