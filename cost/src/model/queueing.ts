const { abs, exp, log, sqrt } = Math;

/** A station of equal servers with one queue. Times in seconds, rates a second. */
export interface Station {
  readonly arrivalsPerSecond: number;
  /** Mean time that a request occupies a server. */
  readonly serviceSeconds: number;
  /** Squared coefficient of variation of the service time: variance ÷ mean². */
  readonly serviceVariation: number;
  /** Of the time between arrivals; 1 for a Poisson process. */
  readonly arrivalVariation?: number;
  readonly servers: number;
  /** Part of the latency that occupies no server: network, codec, answer. */
  readonly overheadSeconds?: number;
}

/** Utilisation: 1 and more has no steady state. */
export function utilisation({ arrivalsPerSecond, serviceSeconds, servers }: Station): number {
  return (arrivalsPerSecond * serviceSeconds) / servers;
}

/**
 * Probability that an arrival waits in M/M/c: Erlang's C formula, by the stable recursion over Erlang's B
 * (A. O. Allen, Probability, Statistics and Queueing Theory).
 * @param offered arrivals a second x mean service seconds; below `servers`
 */
export function erlangC(servers: number, offered: number): number {
  let blocking = 1;
  for (let n = 1; n <= servers; n++) blocking = (offered * blocking) / (n + offered * blocking);
  return blocking / (1 - (offered / servers) * (1 - blocking));
}

/**
 * Mean seconds of waiting, by the Allen-Cunneen approximation for G/G/c (Allen, as above):
 *
 *     Wq = C(c, a) / (c / s - lambda) x (ca² + cs²) / 2
 *
 * Exact for M/M/c, and for M/G/1 where it is the Pollaczek-Khinchine formula. Infinity at a utilisation of 1 and more.
 */
export function meanWait(station: Station): number {
  const { arrivalsPerSecond, serviceSeconds, serviceVariation, arrivalVariation = 1, servers } = station;
  if (utilisation(station) >= 1) return Infinity;
  const waits = erlangC(servers, arrivalsPerSecond * serviceSeconds);
  const spread = (arrivalVariation + serviceVariation) / 2;
  return (waits / (servers / serviceSeconds - arrivalsPerSecond)) * spread;
}

/**
 * Latency that a share of the requests stays under, in seconds. Waiting is 0 with probability 1 - C and otherwise
 * exponential with mean Wq / C (exact for M/M/c; the usual heavy-traffic form else, Kingman 1962); the service time is
 * log-normal with the station's mean and variation; the two are independent. Infinity at a utilisation of 1 and more.
 * @param quantile for example 0.95
 */
export function latencyQuantile(station: Station, quantile: number): number {
  const wait = meanWait(station);
  if (!Number.isFinite(wait)) return Infinity;
  const { arrivalsPerSecond, serviceSeconds, servers, overheadSeconds = 0 } = station;
  const waits = erlangC(servers, arrivalsPerSecond * serviceSeconds);
  const rate = wait > 0 ? waits / wait : 1;
  const services = serviceQuantiles(station);
  const exceeds = (t: number): number =>
    services.reduce((sum, s) => sum + (s > t ? 1 : waits * exp(-rate * (t - s))), 0) / services.length;
  let low = 0;
  let high = services[services.length - 1]! + (wait > 0 ? log(1e6) / rate : 0);
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (exceeds(middle) > 1 - quantile) low = middle;
    else high = middle;
  }
  return overheadSeconds + high;
}

/** Standard normal quantiles in the middles of 100 shares of equal probability. */
const NORMAL = Array.from({ length: 100 }, (_, i) => normalQuantile((i + 0.5) / 100));

function serviceQuantiles({ serviceSeconds, serviceVariation }: Station): number[] {
  const variance = log(1 + serviceVariation);
  const mean = log(serviceSeconds) - variance / 2;
  const deviation = sqrt(variance);
  return NORMAL.map((z) => exp(mean + deviation * z));
}

/** Inverse of the standard normal distribution, by bisection over its distribution function. */
function normalQuantile(probability: number): number {
  let low = -8;
  let high = 8;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalDistribution(middle) < probability) low = middle;
    else high = middle;
  }
  return low;
}

/** Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalDistribution(x: number): number {
  const t = 1 / (1 + 0.2316419 * abs(x));
  const poly =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (exp((-x * x) / 2) / sqrt(2 * Math.PI)) * poly;
  return x > 0 ? 1 - tail : tail;
}
