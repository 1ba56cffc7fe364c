// Tests see a copy of the environment, which the native library does not read (models/onnx/no-telemetry.ts).
process.env.ORT_DISABLE_TELEMETRY = '1';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  globalSetup: '<rootDir>/test/setup/build.js',
  transform: {
    '^.+\\.(ts|js)$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  // Packages published as ES modules only; Jest runs CommonJS.
  transformIgnorePatterns: ['/node_modules/(?!(stemmer|ai|@ai-sdk|@workflow|eventsource-parser|zod)/)'],
  reporters: ['default', '<rootDir>/test/setup/summary.js'],
  testTimeout: 30_000,
};
