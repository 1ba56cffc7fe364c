// What Stryker runs: the unit tests of the files that stryker.config.json names; no build before, no summary after.
const config = { ...require('./jest.config.js') };
delete config.globalSetup;
delete config.reporters;

/** @type {import('jest').Config} */
module.exports = {
  ...config,
  testMatch: [
    '**/test/client/split.test.ts',
    '**/test/models/figures/planner.test.ts',
    '**/test/container/engine/admission.test.ts',
    '**/test/evaluation/metrics.test.ts',
    '**/test/cost/model/{queue,simulation}.test.ts',
    '**/test/infra/{scaling,greatest-count}.test.ts',
  ],
};
