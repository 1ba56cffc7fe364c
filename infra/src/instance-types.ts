import * as cost from '@sagemaker-reranker/cost';
import { ConfigurationError } from './configuration-error.js';

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
