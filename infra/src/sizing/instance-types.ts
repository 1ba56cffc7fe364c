import * as cost from '@sagemaker-reranker/cost';
import { ConfigurationError, type Faults } from '../common/configuration-error.js';

export { instanceTypes, type CpuArchitecture, type InstanceType } from '@sagemaker-reranker/cost';

/**
 * Facts of an instance type, from the cost comparison's list.
 * @throws ConfigurationError for a name that is no CPU hosting type, with the families, sizes or near matches that are.
 */
export function instanceType(name: string): cost.InstanceType {
  try {
    return cost.instanceType(name);
  } catch (error) {
    if (!(error instanceof cost.CostError)) throw error;
    throw new ConfigurationError('instanceType', [error.message]);
  }
}

/** Whether a type has local NVMe disks: a `d` after the generation, as in c5d or r6gd. */
function hasLocalDisks({ name }: cost.InstanceType): boolean {
  return /^ml\.[a-z]+\d+[a-z]*d[a-z]*\./.test(name);
}

/** Names a key for volumes on a type that takes none. */
export function checkVolumeKey(
  setting: string,
  key: object | undefined,
  instance: cost.InstanceType,
  faults: Faults,
): void {
  const plain = instance.name.replace(/^(ml\.[a-z]+\d+[a-z]*?)d([a-z]*\.)/, '$1$2');
  const there = cost.instanceTypes().some(({ name }) => name === plain);
  faults.require(
    key === undefined || !hasLocalDisks(instance),
    `${setting} is given for ${instance.name}; SageMaker refuses a key for volumes on types with local disks, which their hardware encrypts: leave it out, or take ${there ? plain : 'a type without'}`,
  );
}
