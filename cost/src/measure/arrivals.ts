import { Random } from '@sagemaker-reranker/models';

interface ArrivalOptions {
  /** Mean rate. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly seed: number;
}

/**
 * Times of a Poisson process in milliseconds from its start, ascending: the gaps are independent and exponential. They
 * are fixed before the first request is sent, so no answer can delay a later request.
 */
export function poissonArrivals({ perSecond, seconds, seed }: ArrivalOptions): number[] {
  const random = new Random(seed);
  const times: number[] = [];
  // Summed in units of the mean gap, so that another rate stretches the same process.
  for (let gaps = 0; ;) {
    gaps -= Math.log(1 - random.next());
    const time = gaps / perSecond;
    if (time >= seconds) return times;
    times.push(1000 * time);
  }
}

/**
 * So many arrivals of a Poisson process, stretched to a window: the load is then what was asked for, which in a window of some
 * seconds the process itself misses by a tenth.
 * @returns milliseconds from the start, ascending
 */
export function arrivalsWithin(window: {
  readonly requests: number;
  readonly seconds: number;
  readonly seed: number;
}): number[] {
  const { requests, seconds, seed } = window;
  const unit = poissonArrivals({ perSecond: 1, seconds: 2 * requests + 100, seed });
  const end = (unit[requests - 1]! + unit[requests]!) / 2;
  return unit.slice(0, requests).map((time) => (1000 * time * seconds) / end);
}
