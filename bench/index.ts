/** Every benchmark by its name; each file or folder beside this one holds one of them. */
import { models } from './models';
import { engine, engineCoefficients, engineLatency, engineMemory, engineThroughput } from './engine';
import { evaluation } from './evaluation';
import { client } from './client';
import { soak } from './soak';
import { training } from './training';
import type { Suite } from './suite';

export const suites: Readonly<Record<string, Suite>> = {
  client,
  engine,
  'engine-throughput': engineThroughput,
  'engine-latency': engineLatency,
  'engine-memory': engineMemory,
  'engine-coefficients': engineCoefficients,
  evaluation,
  models,
  soak,
  training,
};
