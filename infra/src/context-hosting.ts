import { SERVERLESS_MEMORY_MB, type ServerlessMemoryMb } from '@sagemaker-reranker/cost';
import type { ContextReader } from './context.js';
import { HOSTING_MODES, type Hosting, type HostingMode } from './hosting.js';

/** Keys that belong to some modes only, and what to use instead elsewhere. */
const KEYS: Readonly<Record<string, readonly HostingMode[]>> = {
  instanceType: ['real-time', 'asynchronous', 'multi-model', 'inference-components'],
  workers: ['real-time', 'asynchronous', 'multi-model', 'inference-components'],
  initialInstanceCount: ['real-time', 'multi-model'],
  minInstanceCount: ['real-time', 'asynchronous', 'multi-model', 'inference-components'],
  maxInstanceCount: ['real-time', 'asynchronous', 'multi-model', 'inference-components'],
  dataCapturePercentage: ['real-time'],
  memorySizeInMb: ['serverless'],
  maxConcurrency: ['serverless'],
  provisionedConcurrency: ['serverless'],
  minCopyCount: ['inference-components'],
  maxCopyCount: ['inference-components'],
};

/** The hosting that the context asks for; what a mode does not know is a fault, never ignored. */
export function readHosting(context: ContextReader): Hosting {
  const mode = context.oneOf('hosting', HOSTING_MODES, 'real-time');
  for (const [key, modes] of Object.entries(KEYS)) {
    context.faults.require(
      context.text(key) === undefined || modes.includes(mode) || !HOSTING_MODES.includes(mode),
      `${key} has no meaning with hosting=${mode}; it belongs to ${modes.join(', ')}`,
    );
  }
  const instances = { instanceType: context.text('instanceType'), workers: context.number('workers') };
  const bounds = {
    minInstanceCount: context.number('minInstanceCount'),
    maxInstanceCount: context.number('maxInstanceCount'),
  };
  switch (mode) {
    case 'serverless': {
      const memory = context.number('memorySizeInMb');
      context.faults.require(
        memory === undefined || SERVERLESS_MEMORY_MB.includes(memory as ServerlessMemoryMb),
        `memorySizeInMb is ${memory}; it must be one of ${SERVERLESS_MEMORY_MB.join(', ')}`,
      );
      return {
        mode,
        memorySizeInMb: memory as ServerlessMemoryMb | undefined,
        maxConcurrency: context.number('maxConcurrency'),
        provisionedConcurrency: context.number('provisionedConcurrency'),
      };
    }
    case 'asynchronous':
      return { mode, ...instances, ...bounds };
    case 'inference-components':
      return {
        mode,
        ...instances,
        ...bounds,
        minCopyCount: context.number('minCopyCount'),
        maxCopyCount: context.number('maxCopyCount'),
      };
    default: {
      const { maxInstanceCount, minInstanceCount } = bounds;
      context.faults.require(
        minInstanceCount === undefined || maxInstanceCount !== undefined,
        'minInstanceCount is given without maxInstanceCount: both make the fleet scale, neither keeps its size',
      );
      const fleet = {
        ...instances,
        initialInstanceCount: context.number('initialInstanceCount'),
        scaling: maxInstanceCount === undefined ? undefined : { minInstanceCount, maxInstanceCount },
      };
      if (mode === 'multi-model') return { mode, ...fleet };
      const samplingPercentage = context.number('dataCapturePercentage');
      return {
        mode: 'real-time',
        ...fleet,
        dataCapture: samplingPercentage === undefined ? undefined : { samplingPercentage },
      };
    }
  }
}
