/** Weight of the squares of the coefficients beside the mean loss. */
const DECAY = 3e-3;
const ITERATIONS = 25;

/**
 * Logistic regression with weight decay on standardised columns, by Newton's method; the result reads the columns as they are.
 * Source: Bishop, Pattern Recognition and Machine Learning, 4.3.3.
 */
export function logisticRegression(
  rows: readonly Float32Array[],
  labels: readonly boolean[],
): { weights: Float64Array; bias: number } {
  const width = rows[0]!.length;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (const row of rows) row.forEach((x, k) => (mean[k]! += x / rows.length));
  for (const row of rows) row.forEach((x, k) => (deviation[k]! += (x - mean[k]!) ** 2 / rows.length));
  deviation.forEach((variance, k) => (deviation[k] = Math.sqrt(variance) + 1e-6));
  const x = rows.map((row) => [
    ...Float64Array.from(row, (value, k) => (value - mean[k]!) / deviation[k]!),
    1,
  ]);
  const w = new Float64Array(width + 1);
  for (let iteration = 0; iteration < ITERATIONS; iteration += 1) {
    const gradient = Float64Array.from(w, (value, k) => (k < width ? 2 * DECAY * value : 0));
    const hessian = Array.from({ length: width + 1 }, (_, k) => {
      const row = new Float64Array(width + 1);
      row[k] = k < width ? 2 * DECAY : 1e-9;
      return row;
    });
    x.forEach((row, i) => {
      const p = 1 / (1 + Math.exp(-row.reduce((sum, value, k) => sum + value * w[k]!, 0)));
      const error = (p - Number(labels[i]!)) / x.length;
      const curvature = (p * (1 - p)) / x.length;
      for (let k = 0; k <= width; k += 1) {
        gradient[k]! += error * row[k]!;
        const scaled = curvature * row[k]!;
        const into = hessian[k]!;
        for (let j = 0; j <= k; j += 1) into[j]! += scaled * row[j]!;
      }
    });
    const step = solve(hessian, gradient);
    step.forEach((value, k) => (w[k]! -= value));
    if (Math.max(...step.map(Math.abs)) < 1e-8) break;
  }
  const weights = Float64Array.from(mean, (_, k) => w[k]! / deviation[k]!);
  return { weights, bias: w[width]! - weights.reduce((sum, value, k) => sum + value * mean[k]!, 0) };
}

/** Solves a symmetric positive definite system, of which the lower triangle is given and overwritten, by Cholesky. */
function solve(a: Float64Array[], b: Float64Array): Float64Array {
  const n = b.length;
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = a[i]![j]!;
      for (let k = 0; k < j; k += 1) sum -= a[i]![k]! * a[j]![k]!;
      a[i]![j] = i === j ? Math.sqrt(sum) : sum / a[j]![j]!;
    }
  }
  const y = Float64Array.from(b);
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < i; k += 1) y[i]! -= a[i]![k]! * y[k]!;
    y[i]! /= a[i]![i]!;
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let k = i + 1; k < n; k += 1) y[i]! -= a[k]![i]! * y[k]!;
    y[i]! /= a[i]![i]!;
  }
  return y;
}
