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
