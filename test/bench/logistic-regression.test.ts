import { logisticRegression } from '../../bench/src/models-real/logistic-regression.js';
import { Random } from '../../models/src/common/random.js';

it('finds the weights at which the loss with its decay is least', () => {
  const random = new Random(4);
  const rows = Array.from({ length: 80 }, () => random.array(5, 2, 1));
  const labels = rows.map((row) => row[1]! - 0.5 * row[3]! + random.array(1, 1)[0]! > 0.7);
  const { weights, bias } = logisticRegression(rows, labels);
  const deviation = weights.map((_, k) => {
    const mean = rows.reduce((sum, row) => sum + row[k]!, 0) / rows.length;
    return Math.sqrt(rows.reduce((sum, row) => sum + (row[k]! - mean) ** 2, 0) / rows.length) + 1e-6;
  });
  const loss = (w: ArrayLike<number>, b: number): number =>
    rows.reduce((sum, row, i) => {
      const z = row.reduce((total, x, k) => total + x * w[k]!, b);
      return sum + (Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - (labels[i] ? z : 0)) / rows.length;
    }, 0) + weights.reduce((sum, _, k) => sum + 3e-3 * (w[k]! * deviation[k]!) ** 2, 0);
  const least = loss(weights, bias);
  for (let k = 0; k < 5; k += 1) {
    for (const step of [-0.01, 0.01]) {
      expect(
        loss(
          weights.map((w, i) => (i === k ? w + step : w)),
          bias,
        ),
      ).toBeGreaterThan(least);
    }
  }
  expect(loss(weights, bias + 0.01)).toBeGreaterThan(least);
  expect(loss(weights, bias - 0.01)).toBeGreaterThan(least);
});
