import { ConfigurationError, instanceType, instanceTypes } from '@sagemaker-reranker/infra';
import { Faults } from '../../../infra/src/common/configuration-error.js';
import { checkVolumeKey } from '../../../infra/src/sizing/instance-types.js';

test.each([
  ['ml.c7i.xlarge', 'x86_64', 4, 8],
  ['ml.c5.9xlarge', 'x86_64', 36, 72],
  ['ml.c4.large', 'x86_64', 2, 3.75],
  ['ml.c4.8xlarge', 'x86_64', 36, 60],
  ['ml.m5.large', 'x86_64', 2, 8],
  ['ml.m4.10xlarge', 'x86_64', 40, 160],
  ['ml.r6i.32xlarge', 'x86_64', 128, 1024],
  ['ml.t2.medium', 'x86_64', 2, 4],
  ['ml.t2.2xlarge', 'x86_64', 8, 32],
  ['ml.c7g.large', 'arm64', 2, 4],
  ['ml.c8g.medium', 'arm64', 1, 2],
  ['ml.m6g.4xlarge', 'arm64', 16, 64],
  ['ml.r8g.48xlarge', 'arm64', 192, 1536],
])('%s is %s with %d vCPUs and %d GiB', (name, architecture, vcpus, gib) => {
  expect(instanceType(name)).toMatchObject({ name, architecture, vcpus, memoryMib: gib * 1024 });
});

test('batch transform takes no Graviton type, no burstable type and no c5.large', () => {
  const batch = instanceTypes().filter((type) => type.batchTransform);
  expect(batch.every((type) => type.architecture === 'x86_64' && !type.burstable)).toBe(true);
  expect(instanceType('ml.c5.large').batchTransform).toBe(false);
  expect(instanceType('ml.c5.xlarge').batchTransform).toBe(true);
  expect(instanceType('ml.c7i.large').batchTransform).toBe(true);
});

test('every listed type is found by its name, once', () => {
  const names = instanceTypes().map((type) => type.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.map((name) => instanceType(name).name)).toEqual(names);
});

test.each([
  ['ml.g5.xlarge', 'no CPU type that SageMaker hosts on'],
  ['ml.m7g.large', 'no CPU type that SageMaker hosts on'],
  ['c7i.large', 'must be ml.FAMILY.SIZE'],
  ['', 'must be ml.FAMILY.SIZE'],
  ['ml.c7i.medium', 'ml.c7i comes in large, xlarge'],
  ['ml.c5.12xlarge', 'ml.c5 comes in large, xlarge, 2xlarge, 4xlarge, 9xlarge, 18xlarge'],
])('%s is refused with what is allowed', (name, message) => {
  expect(() => instanceType(name)).toThrow(message);
});

test('a type that takes no key is told of one that does, where there is such a type', () => {
  const told = instanceTypes().flatMap((instance) => {
    const faults = new Faults();
    checkVolumeKey('encryptionKey', {}, instance, faults);
    try {
      faults.throwIfAny('Job');
      return [];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      return [/take (.+)$/.exec(error.message)![1]!];
    }
  });
  expect(told.length).toBeGreaterThan(40);
  expect(new Set(told).size).toBeGreaterThan(30);
  for (const name of told) if (name !== 'a type without') expect(instanceType(name).name).toBe(name);
});
