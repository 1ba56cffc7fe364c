/** Settings of AdamW as Loshchilov and Hutter define it (arXiv 1711.05101), decay decoupled from the gradient. */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** A trained array with its running moments. */
export class Parameter {
  readonly first: Float32Array;
  readonly second: Float32Array;

  constructor(
    readonly shape: readonly number[],
    readonly data: Float32Array,
  ) {
    this.first = new Float32Array(data.length);
    this.second = new Float32Array(data.length);
  }

  /**
   * One AdamW step for the numbers from `start` on.
   * @param gradient as many numbers as are updated
   * @param step number of this step, from 1, for the bias correction
   * @param scale factor on the gradient (clipping)
   */
  update(
    gradient: Float32Array,
    step: number,
    learningRate: number,
    settings: AdamWSettings,
    scale: number,
    start = 0,
  ): void {
    const { beta1, beta2, epsilon } = settings;
    const { data, first, second } = this;
    // Biases and normalisation weights are not decayed.
    const decay = this.shape.length > 1 ? 1 - learningRate * settings.weightDecay : 1;
    const rate = learningRate / (1 - beta1 ** step);
    const correction = 1 / (1 - beta2 ** step);
    for (let i = 0, at = start; i < gradient.length; i++, at++) {
      const g = gradient[i]! * scale;
      const m = (first[at] = beta1 * first[at]! + (1 - beta1) * g);
      const v = (second[at] = beta2 * second[at]! + (1 - beta2) * g * g);
      data[at] = data[at]! * decay - (rate * m) / (Math.sqrt(v * correction) + epsilon);
    }
  }
}

/** Sum of squares, for the norm of a gradient. */
export function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

/** Linear warm-up, then a cosine from the full rate to zero at the last step. `step` counts from 1. */
export function learningRateAt(step: number, full: number, warmup: number, steps: number): number {
  if (step <= warmup) return (full * step) / warmup;
  return (full / 2) * (1 + Math.cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
}
