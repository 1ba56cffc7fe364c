import { Command } from 'commander';
import { checkCommand } from './cost-check';
import { compareCommand } from './cost-compare';
import { measureCommand } from './cost-measure';
import { pricesCommand } from './cost-prices';

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
