/** The engine and the server around it, against their targets. */
import type { Suite } from '../suite.js';
import { engineCoefficients } from './coefficients.js';
import { engineLatency } from './latency.js';
import { engineMemory } from './memory.js';
import { engineThroughput } from './throughput.js';

export { engineCoefficients, engineLatency, engineMemory, engineThroughput };

export const engine: Suite = {
  summary: 'all of engine-throughput, engine-latency, engine-memory and engine-coefficients (12 min)',
  async run(report, note) {
    for (const part of [engineThroughput, engineLatency, engineMemory, engineCoefficients]) {
      await part.run(report, note);
    }
  },
};
