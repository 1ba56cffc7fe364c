/** What hosting a reranker costs: prices, what instances score, and the comparison of the two for a traffic. */
export { CostError } from './errors';
export {
  instanceType,
  instanceTypes,
  type CpuArchitecture,
  type InstanceType,
} from './hardware/instance-types';
export { checkMeasurement, readMeasurements, shippedMeasurements } from './measurements';
export {
  INSTANCE_OVERHEAD_MIB,
  MEMORY_BASIS,
  SERVERLESS_MEMORY_MB,
  containerMemoryMib,
  leastServerlessMb,
  memoryHeadroom,
  weightsOf,
  type ModelFigures,
  type ServerlessMemoryMb,
} from './model/memory';
export { checkQueueing, type QueueingCheck } from './model/queueing-check';
export { describeMeasurement, tokensPerSecond, type Place, type Work } from './model/throughput';
export { PriceBook, openPriceBook, type ListedPrice, type ServicePrice } from './price-book/book';
export { priceCacheDirectory, readCachedPrices, writeCachedPrices } from './price-book/cache';
export { fetchPrices, type PriceListOptions, type RegionPrices } from './price-book/price-list';
export { REGIONS, checkRegion } from './price-book/regions';
export { compare, type CompareOptions } from './compare/compare';
export { DUTIES, checkQuestion, parseDuty } from './compare/question';
export { comparisonCsv } from './report/csv';
export { usdPerInstanceHour } from './usd-per-instance-hour';
export { writeWhole } from './whole-file';
export * from './types';
