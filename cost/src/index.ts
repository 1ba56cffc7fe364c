/** What hosting a reranker costs: prices, what instances score, and the comparison of the two for a traffic. */
export { CostError } from './errors.js';
export {
  instanceType,
  instanceTypes,
  type CpuArchitecture,
  type InstanceType,
} from './hardware/instance-types.js';
export { checkMeasurement, readMeasurements, shippedMeasurements } from './measurements.js';
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
} from './model/memory.js';
export { checkQueueing, type QueueingCheck } from './model/queueing-check.js';
export { describeMeasurement, tokensPerSecond, type Place, type Work } from './model/throughput.js';
export { PriceBook, openPriceBook, type ListedPrice, type ServicePrice } from './price-book/book.js';
export { priceCacheDirectory, readCachedPrices, writeCachedPrices } from './price-book/cache.js';
export { fetchPrices, type PriceListOptions, type RegionPrices } from './price-book/price-list.js';
export { REGIONS, checkRegion } from './price-book/regions.js';
export { compare, type CompareOptions } from './compare/compare.js';
export { DUTIES, checkQuestion, parseDuty } from './compare/question.js';
export { comparisonCsv } from './report/csv.js';
export { usdPerInstanceHour } from './usd-per-instance-hour.js';
export { writeWhole } from './whole-file.js';
export * from './types.js';
