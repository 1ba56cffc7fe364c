import { arch, cpus } from 'node:os';
import { instructionSets } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import type { Machine } from '../types.js';

/**
 * This computer.
 * @param limits what of it the container may use
 * @throws CostError on an architecture that SageMaker does not offer.
 */
export function describeMachine(
  name: string,
  limits: { readonly vcpus: number; readonly memoryBytes: number },
): Machine {
  const architecture = ({ x64: 'x86_64', arm64: 'arm64' } as const)[arch()];
  if (!architecture) throw new CostError(`this machine is ${arch()}; measured are x64 and arm64`);
  return {
    name,
    processor: cpus()[0]?.model.trim() || null,
    architecture,
    vcpus: limits.vcpus,
    memoryMib: Math.floor(limits.memoryBytes / 1024 / 1024),
    instructionSets: instructionSets(),
  };
}
