/** The load generator: a stated traffic against a container or an endpoint, and what came of it. */
export { parseLengthMix, type LengthMix } from './lengths';
export { describeMachine } from './machine';
export { measure, type MeasureOptions, type Subject } from './measure';
export { usageBelow, type ProcessUsage } from './processes';
export { resultFile, resultFileName, writeMeasurement } from './result-file';
export { clientTarget, type Target } from './target';
export { generateTraffic, type Tokenization, type Traffic, type TrafficOptions } from './traffic';
