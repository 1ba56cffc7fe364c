/** The engine and the server around it, against their targets. */
import type { Suite } from '../suite.js';
import { engineCoefficients } from './coefficients.js';
import { engineLatency } from './latency.js';
import { engineMemory } from './memory.js';
import { engineSmall } from './small.js';
import { engineThroughput } from './throughput.js';

export { engineCoefficients, engineLatency, engineMemory, engineSmall, engineThroughput };

export const engine: Suite = {
  summary:
    'all of engine-throughput, engine-small, engine-latency, engine-memory and engine-coefficients (13 min)',
  async run(report, note, options) {
    for (const part of [engineThroughput, engineSmall, engineLatency, engineMemory, engineCoefficients]) {
      await part.run(report, note, options);
    }
  },
};
