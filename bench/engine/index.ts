/** The engine and the server around it, against their targets. */
import type { Suite } from '../suite';
import { engineCoefficients } from './coefficients';
import { engineLatency } from './latency';
import { engineMemory } from './memory';
import { engineThroughput } from './throughput';

export { engineCoefficients, engineLatency, engineMemory, engineThroughput };

export const engine: Suite = {
  summary: 'all of engine-throughput, engine-latency, engine-memory and engine-coefficients (12 min)',
  async run(report, note) {
    for (const part of [engineThroughput, engineLatency, engineMemory, engineCoefficients]) {
      await part.run(report, note);
    }
  },
};
