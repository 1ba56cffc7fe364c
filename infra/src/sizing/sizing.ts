import {
  DOCUMENTS_PER_REQUEST,
  type Figure,
  INSTANCE_OVERHEAD_MIB,
  type InstanceType,
  type Measurement,
  type Place,
  REGIONS,
  SERVERLESS_MEMORY_MB,
  type ServerlessMemoryMb,
  TOKENS_PER_PAIR,
  containerMemoryMib,
  recommendedInstanceType,
  sameModel,
  shippedMeasurements,
  tokensPerSecond,
  usdPerInstanceHour,
} from '@sagemaker-reranker/cost';
import type { ModelFigures } from '@sagemaker-reranker/models';
import { ConfigurationError } from '../common/configuration-error.js';

const MEBI = 1024 * 1024;

export { DOCUMENTS_PER_REQUEST, TOKENS_PER_PAIR, recommendedInstanceType };

/**
 * Instances that an endpoint starts with, for every variant: what is asked of it is not known before it runs, each instance
 * more doubles the least bill, and one of the recommended type answers a request of 100 passages. Where the traffic is known,
 * scaling goes from here to the greatest count, which does follow from throughput. AWS advises 2 for availability: set
 * `initialInstanceCount` in production.
 */
export const INITIAL_INSTANCES = 1;

/** Containers of a serverless endpoint at once: an idle one costs nothing, and the account's quota is shared with others. */
export const SERVERLESS_CONCURRENCY = 5;

let measurements: readonly Measurement[] | undefined;

/**
 * Tokens that an instance, or a serverless execution, scores in a second: as measured on it, else estimated from the
 * measurements that ship with the package (cost/measurements, each with its date and command), as an interval.
 */
export function throughput(model: ModelFigures, place: Place): Figure {
  const work = {
    model,
    tokensPerPair: TOKENS_PER_PAIR,
    documentsPerQuery: DOCUMENTS_PER_REQUEST,
  };
  return tokensPerSecond(work, place, measured());
}

/**
 * Memory that a container needs, in MiB: for the longest pair, by the line of cost/model/memory.ts, and never less than
 * what a measured run of one of the models peaked at with as many processes or fewer.
 */
export function neededMib(models: readonly ModelFigures[], workers = 1): number {
  const peaks = measured()
    .filter(({ processes = 1 }) => processes <= workers)
    .filter((m) => models.some((model) => sameModel(m.model, model)))
    .map(({ memory }) => Math.ceil(memory?.peakMib ?? 0));
  return Math.max(containerMemoryMib(models, workers), ...peaks);
}

function measured(): readonly Measurement[] {
  return (measurements ??= shippedMeasurements());
}

/** The power of 2 below the greatest that the container takes, which would not start with more. */
const MOST_QUEUE_TOKENS = 2 ** 29;

/**
 * Tokens that a container admits: no more than it can score, at best, before the last caller has gone. A power of 2, so
 * that a new measurement seldom makes a new model and with it a deployment.
 * @param waitSeconds Time after which nobody waits for an answer.
 * @param share Part of the place that the container has.
 */
export function queueTokens(
  waitSeconds: number,
  models: readonly ModelFigures[],
  place: Place,
  share = 1,
): number {
  const fastest = Math.max(...models.map((model) => bound(throughput(model, place), 'high')));
  return Math.min(MOST_QUEUE_TOKENS, 2 ** Math.ceil(Math.log2(share * fastest * waitSeconds)));
}

/** An end of a figure's interval; the figure where it has none. */
export function bound(figure: Figure, end: 'low' | 'high'): number {
  return figure[end] ?? figure.value;
}

/**
 * The least serverless memory that holds a model: vCPUs grow with it, and so does the price.
 * @throws ConfigurationError when not even the largest does.
 */
export function serverlessMemoryMb(model: ModelFigures): ServerlessMemoryMb {
  const needed = neededMib([model]);
  const size = SERVERLESS_MEMORY_MB.find((mb) => mb >= needed);
  if (size !== undefined) return size;
  throw new ConfigurationError('serverless', [
    `${describe(model)} needs ${needed} MiB; the largest serverless memory is 6144 MB. Use an instance, or int8 weights`,
  ]);
}

/**
 * Refuses an instance type or serverless memory that cannot hold the models, with the figures.
 * @throws ConfigurationError
 */
export function requireRoom(
  place: { readonly instance: InstanceType } | { readonly serverlessMb: number },
  models: readonly ModelFigures[],
  workers = 1,
): void {
  const needed = neededMib(models, workers);
  const room = 'instance' in place ? place.instance.memoryMib - INSTANCE_OVERHEAD_MIB : place.serverlessMb;
  if (needed <= room) return;
  const where =
    'instance' in place
      ? `instanceType ${place.instance.name} leaves ${room} MiB of its ${place.instance.memoryMib} MiB to the container`
      : `memorySizeInMb ${place.serverlessMb}`;
  throw new ConfigurationError('sizing', [
    `${where}; ${models.map(describe).join(' and ')} with ${workers} inference ${workers === 1 ? 'process' : 'processes'} needs ${needed} MiB`,
  ]);
}

/** Price of an instance hour in a region, where the price book knows both: as last fetched, else from its snapshot. */
export function pricePerHour(type: string, region: string): number | undefined {
  const known = REGIONS.some((name) => name === region);
  return known ? usdPerInstanceHour(type, region)?.value : undefined;
}

function describe(model: ModelFigures): string {
  return `${model.name} ${model.precision} (${Math.round(model.weightsBytes / MEBI)} MiB of weights)`;
}
