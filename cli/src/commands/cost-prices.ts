import { Option } from 'commander';
import {
  REGIONS,
  checkRegion,
  fetchOfferPrices,
  fetchPrices,
  instanceTypes,
  openPriceBook,
  writeCachedPrices,
} from '@sagemaker-reranker/cost';
import { table } from '../terminal/table.js';
import { Command } from '../command.js';
import { json as toJson, print, tell } from '../terminal/out.js';
import { wrapped } from '../terminal/text.js';

interface Options {
  readonly region: string;
  readonly refresh?: boolean;
  readonly source: 'files' | 'api';
  readonly format: 'json' | 'csv';
  readonly url?: string;
  readonly json?: boolean;
}

/** `reranker cost prices`: the price book of a region. */
export function pricesCommand(): Command {
  return new Command('prices')
    .description('USD an hour of every hosting instance type with a known price, with where it comes from.')
    .option('--region <region>', 'AWS region; with --refresh also all', 'us-east-1')
    .option('--refresh', 'fetch the prices from AWS first, and keep them')
    .addOption(
      new Option(
        '--source <source>',
        "where from: files, AWS's public price files, without an account, or api, the Price List API, with credentials",
      )
        .choices(['files', 'api'])
        .default('files'),
    )
    .addOption(
      new Option('--format <format>', 'of the files; CSV is smaller')
        .choices(['json', 'csv'])
        .default('json'),
    )
    .option('--url <url>', 'address of files or API instead of AWS’s own')
    .option('--json', 'print JSON')
    .action(async ({ region: asked, refresh, json, ...from }: Options) => {
      const regions = refresh && asked === 'all' ? REGIONS : [checkRegion(asked)];
      if (refresh) for (const region of regions) await fetchAndKeep(region, from);
      const [region] = regions as [string];
      if (regions.length > 1) return;
      const book = openPriceBook();
      const prices = book.list(region);
      if (json) {
        const { description, date } = { description: book.describe(region), date: book.dateOf(region) };
        print(toJson({ region, date, description, prices }));
        return;
      }
      const known = new Map(instanceTypes().map((type) => [type.name, type]));
      print(wrapped(`${region}: ${book.describe(region)}.`));
      if (prices.length === 0) {
        print(wrapped(`no price known; regions with prices: ${book.regions().join(', ')}`));
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

async function fetchAndKeep(
  region: string,
  { source, format, url }: Pick<Options, 'source' | 'format' | 'url'>,
): Promise<void> {
  const prices =
    source === 'api'
      ? await fetchPrices(region, { endpoint: url })
      : await fetchOfferPrices(region, { endpoint: url, format, onProgress: tell });
  const file = await writeCachedPrices(prices);
  const number = (of: Readonly<Record<string, number>>): number => Object.keys(of).length;
  const plans = number(prices.savingsPlans['1yr']);
  tell(
    `${number(prices.hosting)} hosting, ${plans} savings plan and ${number(prices.serverless)} serverless prices of ${region} written to ${file}`,
  );
  for (const entry of prices.withoutPrice) tell(`no price in the list: ${entry}`);
}
