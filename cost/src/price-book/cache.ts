import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory } from '@sagemaker-reranker/models';
import { CostError } from '../errors.js';
import { writeWhole } from '../whole-file.js';
import type { RegionPrices } from './region-prices.js';

/** The user's folder for fetched prices. */
export function priceCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return cacheDirectory('prices', environment);
}

/**
 * Fetched prices of a region, or undefined when none were kept.
 * @throws CostError when the file is not one that this program wrote.
 */
export function readCachedPrices(
  region: string,
  directory = priceCacheDirectory(),
): RegionPrices | undefined {
  const file = path.join(directory, `${region}.json`);
  if (!existsSync(file)) return undefined;
  const fault = (why: string): CostError =>
    new CostError(
      `${file}: ${why}; delete it, or fetch the prices again with \`reranker cost prices --region ${region} --refresh\``,
    );
  let data: Partial<RegionPrices> | null;
  try {
    data = JSON.parse(readFileSync(file, 'utf8')) as Partial<RegionPrices> | null;
  } catch (error) {
    throw fault(`cannot be read: ${(error as Error).message}`);
  }
  const priced = (prices: unknown): boolean =>
    typeof prices === 'object' && prices !== null && Object.values(prices).every((usd) => usd > 0);
  if (
    data?.format !== 2 ||
    data.region !== region ||
    typeof data.date !== 'string' ||
    typeof data.savingsPlans !== 'object'
  )
    throw fault(`holds no prices of ${region}`);
  const listed = [data.hosting, data.serverless, ...Object.values(data.savingsPlans)];
  if (!listed.every(priced)) throw fault('holds a price that is not above 0');
  return data as RegionPrices;
}

/** Keeps fetched prices: the whole file, or what was there before. */
export async function writeCachedPrices(
  prices: RegionPrices,
  directory = priceCacheDirectory(),
): Promise<string> {
  const file = path.join(directory, `${prices.region}.json`);
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new CostError(`${file} cannot be written: ${(error as Error).message}`);
  }
  await writeWhole(file, `${JSON.stringify(prices, null, 2)}\n`);
  return file;
}

/** Regions whose prices were fetched. */
export function cachedRegions(directory = priceCacheDirectory()): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}
