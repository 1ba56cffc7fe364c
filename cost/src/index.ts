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
  processesWithin,
  type ServerlessMemoryMb,
} from './model/memory.js';
export {
  checkModel,
  predictQueriesPerSecond,
  type FitCheck,
  type LatencyCheck,
  type ProcessorCheck,
} from './model/check.js';
export {
  describeMeasurement,
  estimatedTokensPerCpuSecond,
  tokensPerCpuSecond,
  tokensPerSecond,
  type Place,
  type Work,
} from './model/throughput.js';
export { sameModel } from './model/work.js';
export {
  PriceBook,
  openPriceBook,
  shippedPriceBook,
  type ListedPrice,
  type ServicePrice,
} from './price-book/book.js';
export { priceCacheDirectory, readCachedPrices, writeCachedPrices } from './price-book/cache.js';
export { fetchOfferPrices, type OfferOptions } from './price-book/offer-files.js';
export { fetchPrices, type PriceListOptions } from './price-book/price-list.js';
export { SAVINGS_PLANS, type RegionPrices, type SavingsPlan } from './price-book/region-prices.js';
export { REGIONS, checkRegion } from './price-book/regions.js';
export { compare, type CompareOptions } from './compare/compare.js';
export {
  DUTIES,
  checkQuestion,
  modelOfVariant,
  parseDuty,
  parseProfile,
  trafficOf,
} from './compare/question.js';
export {
  DOCUMENTS_PER_REQUEST,
  TOKENS_PER_PAIR,
  recommendedInstanceType,
  referenceQuestion,
} from './compare/recommended.js';
export { usdPerInstanceHour } from './usd-per-instance-hour.js';
export { writeWhole } from './whole-file.js';
export * from './types.js';
