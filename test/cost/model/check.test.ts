import { checkModel, shippedMeasurements } from '@sagemaker-reranker/cost';
import { measurement } from '../support/measurement.js';

const { latency, fits, processors } = checkModel(shippedMeasurements());

test('the simulated p95 is within 25 % of the measured at seven of eight loads, and nowhere beyond 35 %', () => {
  expect(latency.length).toBeGreaterThanOrEqual(8);
  const sizes = latency.map(({ error }) => Math.abs(error));
  expect(sizes.filter((size) => size < 0.25).length / sizes.length).toBeGreaterThanOrEqual(7 / 8);
  expect(Math.max(...sizes)).toBeLessThan(0.35);
});

test('what a fit leaves over is small, and its parts are never negative', () => {
  for (const { requestMs, batchMs, pairMs, per1kTokensMs, residuals } of fits) {
    for (const part of [requestMs, batchMs, pairMs]) expect(part).toBeGreaterThanOrEqual(0);
    expect(per1kTokensMs).toBeGreaterThan(0);
    const errors = residuals.map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
    expect(errors[errors.length >> 1]).toBeLessThan(0.15);
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
