// What Stryker runs: the unit tests of the files that stryker.config.json names; no build before, no summary after.
const { accessSync } = require('node:fs');
const config = { ...require('./jest.config.js') };
delete config.globalSetup;
delete config.reporters;

const tests = [
  'test/client/split.test.ts',
  'test/models/figures/planner.test.ts',
  'test/container/engine/admission.test.ts',
  'test/evaluation/metrics.test.ts',
  'test/cost/model/simulation.test.ts',
  'test/infra/hosting/scaling.test.ts',
  'test/infra/sizing/greatest-count.test.ts',
];
// Without the test that has moved, every mutant of its file would live.
for (const test of tests) accessSync(test);

/** @type {import('jest').Config} */
module.exports = { ...config, testMatch: tests.map((test) => `**/${test}`) };
