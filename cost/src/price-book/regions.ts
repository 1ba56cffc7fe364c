import { CostError } from '../errors.js';
import { didYouMean } from '../near-matches.js';

/** AWS regions with SageMaker hosting that the public price list covers. */
export const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
  'us-gov-east-1',
  'us-gov-west-1',
  'ca-central-1',
  'ca-west-1',
  'mx-central-1',
  'sa-east-1',
  'eu-central-1',
  'eu-central-2',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'af-south-1',
  'il-central-1',
  'me-central-1',
  'me-south-1',
  'ap-east-1',
  'ap-east-2',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-south-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-southeast-3',
  'ap-southeast-4',
  'ap-southeast-5',
  'ap-southeast-7',
] as const;

/**
 * The name, if it is a region.
 * @throws CostError with the nearest names.
 */
export function checkRegion(name: string): string {
  if ((REGIONS as readonly string[]).includes(name)) return name;
  const near = didYouMean(name, REGIONS);
  throw new CostError(`region "${name}" is not known${near || `; it must be one of ${REGIONS.join(', ')}`}`);
}

/** The AWS Price List API answers in three regions only; the nearest to `region` by continent. */
export function priceListRegion(region: string): 'us-east-1' | 'eu-central-1' | 'ap-south-1' {
  if (/^(eu|af|il|me)-/.test(region)) return 'eu-central-1';
  return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
}
