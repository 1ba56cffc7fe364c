import { Command } from 'commander';
import {
  checkRegion,
  fetchPrices,
  instanceTypes,
  openPriceBook,
  writeCachedPrices,
} from '@sagemaker-reranker/cost';
import { table } from '../table.js';

interface Options {
  readonly region: string;
  readonly refresh?: boolean;
  readonly endpoint?: string;
  readonly json?: boolean;
}

/** `reranker cost prices`: the price book of a region. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('USD an hour of every hosting instance type with a known price, with where it comes from.')
    .option('--region <region>', 'AWS region', 'us-east-1')
    .option('--refresh', 'fetch the prices from the AWS Price List API first, and keep them')
    .option('--endpoint <url>', 'address of the Price List API instead of AWS’s own')
    .option('--json', 'print JSON')
    .action(async ({ region, refresh, endpoint, json }: Options) => {
      checkRegion(region);
      if (refresh) {
        const prices = await fetchPrices(region, { ...(endpoint && { endpoint }) });
        const file = await writeCachedPrices(prices);
        const serverless = Object.keys(prices.serverless).length;
        process.stderr.write(
          `${Object.keys(prices.hosting).length} hosting and ${serverless} serverless prices of ${region} written to ${file}\n`,
        );
        for (const entry of prices.withoutPrice) process.stderr.write(`no price in the list: ${entry}\n`);
      }
      const book = openPriceBook();
      const prices = book.list(region);
      if (json) {
        const { description, date } = { description: book.describe(region), date: book.dateOf(region) };
        print(JSON.stringify({ region, date, description, prices }, null, 2));
        return;
      }
      const known = new Map(instanceTypes().map((type) => [type.name, type]));
      print(`${region}: ${book.describe(region)}`);
      if (prices.length === 0) {
        print(`no price known; regions with prices: ${book.regions().join(', ')}`);
        return;
      }
      const rows = prices.map(({ instanceType, usdPerHour, confidence, date }) => {
        const type = known.get(instanceType);
        return [
          instanceType,
          type ? String(type.vcpus) : '-',
          usdPerHour.value.toFixed(4),
          usdPerHour.basis,
          confidence,
          date,
        ];
      });
      print(
        table(
          [
            { heading: 'instance type' },
            { heading: 'vCPUs', align: 'right' },
            { heading: 'USD/hour', align: 'right' },
            { heading: 'basis' },
            { heading: 'confidence' },
            { heading: 'date' },
          ],
          rows,
        ),
      );
    });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
