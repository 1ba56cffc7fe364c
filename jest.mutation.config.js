// What Stryker runs: no build before, no summary after.
const config = { ...require('./jest.config.js') };
delete config.globalSetup;
delete config.reporters;

/** @type {import('jest').Config} */
module.exports = config;
