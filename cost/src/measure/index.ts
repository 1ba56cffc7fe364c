/** The load generator: a stated traffic against a container or an endpoint, and what came of it. */
export { deploy, type Deployment, type DeploymentOptions } from './deployment.js';
export { poissonArrivals } from './arrivals.js';
export { drawLengths, lengthShares, parseLengthMix, type LengthMix } from './lengths.js';
export { percentile } from './summary.js';
export { describeMachine } from './machine.js';
export { measure, type MeasureOptions, type Subject } from './measure.js';
export { usageBelow, type ProcessUsage } from './processes.js';
export { resultFile, resultFileName, writeMeasurement } from './result-file.js';
export { clientTarget, type Target } from './target.js';
export { generateTraffic, type Tokenization, type Traffic, type TrafficOptions } from './traffic.js';
