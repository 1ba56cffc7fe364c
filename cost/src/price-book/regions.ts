import { CostError } from '../errors.js';
import { didYouMean } from '../near-matches.js';

/** AWS regions with SageMaker hosting that the public price list covers, with latitude and longitude of their place. */
const PLACES = {
  'us-east-1': [38.9, -77.4],
  'us-east-2': [40.0, -83.0],
  'us-west-1': [37.4, -121.9],
  'us-west-2': [45.9, -119.3],
  'us-gov-east-1': [40.0, -83.0],
  'us-gov-west-1': [45.9, -119.3],
  'ca-central-1': [45.5, -73.6],
  'ca-west-1': [51.0, -114.1],
  'mx-central-1': [20.6, -100.4],
  'sa-east-1': [-23.6, -46.6],
  'eu-central-1': [50.1, 8.7],
  'eu-central-2': [47.4, 8.5],
  'eu-north-1': [59.3, 18.1],
  'eu-south-1': [45.5, 9.2],
  'eu-south-2': [41.6, -0.9],
  'eu-west-1': [53.3, -6.3],
  'eu-west-2': [51.5, -0.1],
  'eu-west-3': [48.9, 2.4],
  'af-south-1': [-33.9, 18.4],
  'il-central-1': [32.1, 34.8],
  'me-central-1': [24.5, 54.4],
  'me-south-1': [26.1, 50.6],
  'ap-east-1': [22.3, 114.2],
  'ap-east-2': [25.0, 121.6],
  'ap-northeast-1': [35.7, 139.7],
  'ap-northeast-2': [37.6, 127.0],
  'ap-northeast-3': [34.7, 135.5],
  'ap-south-1': [19.1, 72.9],
  'ap-south-2': [17.4, 78.5],
  'ap-southeast-1': [1.3, 103.8],
  'ap-southeast-2': [-33.9, 151.2],
  'ap-southeast-3': [-6.2, 106.8],
  'ap-southeast-4': [-37.8, 145.0],
  'ap-southeast-5': [3.1, 101.7],
  'ap-southeast-7': [13.8, 100.5],
} as const;

export const REGIONS = Object.keys(PLACES) as readonly (keyof typeof PLACES)[];

/** Those of `others` that are known, nearest to `region` first. */
export function nearestRegions(region: string, others: Iterable<string>): string[] {
  const here = placeOf(region);
  return [...others]
    .filter((other) => Object.hasOwn(PLACES, other))
    .map((other) => ({ other, distance: angle(here, placeOf(other)) }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ other }) => other);
}

type Place = readonly [latitude: number, longitude: number];

const placeOf = (region: string): Place => PLACES[region as keyof typeof PLACES];

/** Great-circle distance in radians, by the spherical law of cosines. */
function angle(a: Place, b: Place): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const [north, other, apart] = [a[0], b[0], a[1] - b[1]].map(radians) as [number, number, number];
  const cosine = Math.sin(north) * Math.sin(other) + Math.cos(north) * Math.cos(other) * Math.cos(apart);
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}

/**
 * The name, if it is a region.
 * @throws CostError with the nearest names, or why China's regions are none of them.
 */
export function checkRegion(name: string): string {
  if ((REGIONS as readonly string[]).includes(name)) return name;
  if (/^cn-/.test(name))
    throw new CostError(
      `region "${name}" has prices in CNY, which AWS China publishes apart, and this comparison is in USD; ap-east-1 is near and tells which options lead`,
    );
  const near = didYouMean(name, REGIONS);
  throw new CostError(`region "${name}" is not known${near || `; it must be one of ${REGIONS.join(', ')}`}`);
}

/** The AWS Price List API answers in three regions only; the nearest to `region` by continent. */
export function priceListRegion(region: string): 'us-east-1' | 'eu-central-1' | 'ap-south-1' {
  if (/^(eu|af|il|me)-/.test(region)) return 'eu-central-1';
  return region.startsWith('ap-') ? 'ap-south-1' : 'us-east-1';
}
