// What Stryker runs: no build before, no summary after.
const { globalSetup, reporters, ...config } = require('./jest.config.js');

/** @type {import('jest').Config} */
module.exports = config;
