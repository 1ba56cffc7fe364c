import { checkModel, shippedMeasurements } from '@sagemaker-reranker/cost';
import { measurement } from '../support/measurement.js';

const { latency, fits, processors } = checkModel(shippedMeasurements());

test('the simulated p95 is within 25 % of the measured at nine of ten loads, half of them within 15 %', () => {
  expect(latency.length).toBeGreaterThanOrEqual(16);
  const sizes = latency.map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
  expect(sizes[sizes.length >> 1]).toBeLessThan(0.15);
  expect(sizes[Math.ceil(0.9 * sizes.length) - 1]).toBeLessThan(0.25);
  expect(sizes.at(-1)).toBeLessThan(0.3);
});

test('at about 80 % of the capacity it is within 25 %', () => {
  const busy = latency.filter(({ utilisation }) => utilisation >= 0.77);
  expect(busy.length).toBeGreaterThanOrEqual(6);
  for (const { error } of busy) expect(Math.abs(error)).toBeLessThan(0.25);
});

test('each processor is estimated from the other within its interval, in nine of ten cases', () => {
  expect(processors.length).toBeGreaterThanOrEqual(8);
  expect(processors.filter(({ within }) => within).length / processors.length).toBeGreaterThanOrEqual(0.9);
});

test('what a fit leaves over is under a fifth, and its parts are never negative', () => {
  for (const { requestMs, batchMs, pairMs, per1kTokensMs, residuals } of fits) {
    for (const part of [requestMs, batchMs, pairMs]) expect(part).toBeGreaterThanOrEqual(0);
    expect(per1kTokensMs).toBeGreaterThan(0);
    for (const { error } of residuals) expect(Math.abs(error)).toBeLessThan(0.2);
  }
});

test('a machine is estimated from others alone, and says whether that held', () => {
  const fast = { ...measurement().machine, name: 'other-2', processor: 'Another' };
  const checks = checkModel([measurement(), measurement({ machine: fast })]).processors;
  expect(checks.map(({ from, within }) => [from, within])).toEqual([
    ['other-2', true],
    ['bench-2', true],
  ]);
  expect(checkModel([measurement()]).processors).toEqual([]);
  for (const { estimated, measuredTokensPerSecond, within } of processors)
    expect(within).toBe(
      estimated.low <= measuredTokensPerSecond && measuredTokensPerSecond <= estimated.high,
    );
});
