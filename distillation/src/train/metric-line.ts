import type { Progress } from '../distil.js';

/** A line of `name=value` that the metric definitions of a training job read by regular expression. */
export function metricLine(progress: Progress): string {
  const { step, steps, loss, accuracy, agreement, tokensPerSecond, secondsLeft } = progress;
  const values = {
    step,
    steps,
    // As many digits as a float32 has: two runs can be compared by it.
    loss: loss.toPrecision(9),
    accuracy: accuracy.toFixed(4),
    ...(agreement !== undefined && { agreement: agreement.toFixed(4) }),
    tokens_per_second: Math.round(tokensPerSecond),
    seconds_left: Math.round(secondsLeft),
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
