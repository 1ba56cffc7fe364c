import fc from 'fast-check';
import { instanceTypes, neededMib, variantFigures, workerSettings } from '@sagemaker-reranker/infra';
import { INSTANCE_OVERHEAD_MIB, instanceType, shippedMeasurements } from '@sagemaker-reranker/cost';
import { VARIANT_IDS } from '@sagemaker-reranker/models';

const models = VARIANT_IDS.flatMap((variant) =>
  (['int8', 'fp32'] as const).map((precision) => variantFigures(variant, precision)),
);

test('the repeated process is the measured one', () => {
  const known = shippedMeasurements().filter(({ processes }) => processes !== undefined);
  expect(known.length).toBeGreaterThan(0);
  const tiny = models.filter(({ variant, precision }) => variant === 'tiny' && precision === 'int8');
  for (const { machine, processes } of known) expect(workerSettings(tiny, machine).workers).toBe(processes);
});

test('no vCPU has two threads, and memory holds every process', () => {
  fc.assert(
    fc.property(
      fc.subarray(models, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(...instanceTypes()),
      fc.constantFrom(1, 0.5, 0.25),
      (served, instance, share) => {
        const { workers, threads } = workerSettings(served, instance, { share });
        expect(workers * threads).toBeLessThanOrEqual(Math.max(1, share * instance.vcpus));
        expect(workers).toBeLessThanOrEqual(64);
        const room = share * (instance.memoryMib - INSTANCE_OVERHEAD_MIB);
        expect(workers === 1 || neededMib(served, workers) <= room).toBe(true);
      },
    ),
  );
});

test.each([
  ['ml.c7i.large', 2, 1],
  ['ml.c7i.xlarge', 4, 1],
  ['ml.c7i.2xlarge', 8, 1],
  ['ml.c7i.48xlarge', 64, 3],
])('on %s tiny int8 has %d processes of %d threads', (name, workers, threads) => {
  const tiny = models.filter(({ variant, precision }) => variant === 'tiny' && precision === 'int8');
  expect(workerSettings(tiny, instanceType(name))).toEqual({ workers, threads });
});

test('where memory is short there are fewer processes, each with more threads', () => {
  const base = models.filter(({ variant, precision }) => variant === 'base' && precision === 'fp32');
  const memoryMib = INSTANCE_OVERHEAD_MIB + neededMib(base, 2);
  expect(workerSettings(base, { vcpus: 8, memoryMib })).toEqual({ workers: 2, threads: 4 });
});

test('what was asked for stays', () => {
  const { threads } = workerSettings(models.slice(0, 1), instanceType('ml.c7i.2xlarge'), { workers: 3 });
  expect(threads).toBe(2);
});
