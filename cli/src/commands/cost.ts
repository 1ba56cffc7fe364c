import { checkCommand } from './cost-check.js';
import { compareCommand } from './cost-compare.js';
import { measureCommand } from './cost-measure.js';
import { pricesCommand } from './cost-prices.js';
import { Command } from '../command.js';

/** `reranker cost`: what hosting costs for a traffic. */
export function costCommand(): Command {
  return new Command('cost')
    .description(
      'What hosting costs: compare options for a traffic, list prices, measure throughput, check the model against what was measured.',
    )
    .addCommand(compareCommand())
    .addCommand(checkCommand())
    .addCommand(pricesCommand())
    .addCommand(measureCommand());
}
