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
