/** Every benchmark by its name; each file or folder beside this one holds one of them. */
import { models } from './models/index.js';
import { modelsExports } from './models-exports/index.js';
import { modelsReal } from './models-real/index.js';
import {
  engine,
  engineCoefficients,
  engineLatency,
  engineMemory,
  engineSmall,
  engineThroughput,
} from './engine/index.js';
import { peers } from './peers.js';
import { evaluation } from './evaluation.js';
import { client } from './client.js';
import { cost } from './cost.js';
import { costModels } from './cost-models.js';
import { soak } from './soak.js';
import { training } from './training.js';
import type { Suite } from './suite.js';

export const suites: Readonly<Record<string, Suite>> = {
  client,
  cost,
  'cost-models': costModels,
  engine,
  'engine-throughput': engineThroughput,
  'engine-small': engineSmall,
  'engine-latency': engineLatency,
  'engine-memory': engineMemory,
  'engine-coefficients': engineCoefficients,
  evaluation,
  models,
  'models-exports': modelsExports,
  'models-real': modelsReal,
  peers,
  soak,
  training,
};
