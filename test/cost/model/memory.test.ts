import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { containerMemoryMib } from '@sagemaker-reranker/cost';
import {
  embeddedModelDirectory,
  readManifestSync,
  variantFigures,
  weightBytes,
} from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';

test.each(['fp32', 'int8'] as const)(
  'the weights of tiny, %s, are as large as its files',
  async (precision) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'weights-'));
    try {
      const out = path.join(directory, 'tiny');
      const bytes = weightBytes(await synthesizeModel({ model: 'tiny', precision, seed: 1, out }));
      expect(variantFigures('tiny', precision).weightsBytes / bytes).toBeGreaterThan(0.98);
      expect(variantFigures('tiny', precision).weightsBytes / bytes).toBeLessThan(1.01);
    } finally {
      await rm(directory, { recursive: true });
    }
  },
);

test('the weights of the embedded model are its file', () => {
  expect(variantFigures('embedded', 'int8').weightsBytes).toBe(
    weightBytes(readManifestSync(embeddedModelDirectory())),
  );
});

// The resident peak of the container's processes while one document of 8,192 tokens was scored, 2026-11-26, in 1e6 bytes.
test.each([
  ['tiny', 'fp32', 450],
  ['tiny', 'int8', 424],
  ['base', 'fp32', 1_105],
] as const)('what %s, %s, needs covers the %d MB measured', (variant, precision, megabytes) => {
  const model = variantFigures(variant, precision);
  const bytes = 1024 ** 2 * containerMemoryMib([model]);
  expect(bytes).toBeGreaterThan(megabytes * 1e6);
  expect(bytes).toBeLessThan(2.1 * megabytes * 1e6);
  expect(containerMemoryMib([model], 2)).toBeGreaterThan(containerMemoryMib([model]));
});
