// Tests see a copy of the environment, which the native library does not read (inference/src/no-telemetry.ts).
process.env.ORT_DISABLE_TELEMETRY = '1';

// Packages of ours are tested from their sources: the same table by which TypeScript finds them.
const { paths } = require('./tsconfig.json').compilerOptions;
const moduleNameMapper = Object.fromEntries(
  Object.entries(paths).map(([name, [file]]) => [`^${name}$`, `<rootDir>/${file.slice(2)}`]),
);

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  moduleNameMapper,
  resolver: '<rootDir>/test/setup/resolver.js',
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
  // Command, container and trainer are tested mostly as processes of their own, and pages in a browser: that is not counted.
  collectCoverageFrom: ['*/src/**/*.ts', '!bench/**', '!playground/**'],
  coverageThreshold: {
    './cli/src/': { lines: 62, branches: 44 },
    './client/src/': { lines: 97, branches: 90 },
    './container/src/': { lines: 70, branches: 65 },
    './cost/src/': { lines: 96, branches: 86 },
    './distillation/src/': { lines: 78, branches: 63 },
    './evaluation/src/': { lines: 96, branches: 89 },
    './inference/src/': { lines: 91, branches: 72 },
    './infra/src/': { lines: 97, branches: 92 },
    './models/src/': { lines: 95, branches: 82 },
  },
  reporters: ['default', '<rootDir>/test/setup/summary.js'],
  // Most tests wait for processes that they start.
  maxWorkers: '100%',
  // A deadline against a hang, however busy the machine.
  testTimeout: 600_000,
};
