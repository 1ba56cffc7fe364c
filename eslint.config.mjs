import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// The arrows of docs/architecture.md: the packages of ours that a room may import besides its own files.
const arrows = {
  client: [],
  models: [],
  inference: ['models'],
  container: ['client', 'inference', 'models'],
  cost: ['client', 'models'],
  infra: ['client', 'cost', 'models'],
  evaluation: ['client', 'models'],
  distillation: ['client', 'inference', 'models'],
  cli: ['client', 'container', 'cost', 'distillation', 'evaluation', 'inference', 'models'],
};
const rooms = [...Object.keys(arrows), 'bench'];
const packageOf = (room) => (room === 'cli' ? 'sagemaker-reranker' : `@sagemaker-reranker/${room}`);
const patterns = (room) => [
  ...rooms
    .filter((other) => !arrows[room].includes(other))
    .map((other) => ({
      group: [packageOf(other), `${packageOf(other)}/*`],
      message: `${room}/ may import ${arrows[room].join(', ') || 'nothing of ours'}; see docs/architecture.md.`,
    })),
  {
    group: ['@sagemaker-reranker/*/src/*', '@sagemaker-reranker/*/dist/*'],
    message: 'Import a package by its name.',
  },
];
const runtimeOnly = {
  name: 'onnxruntime-node',
  message: 'inference/src/runtime.ts offers it, with its telemetry off.',
};

export default tseslint.config(
  {
    ignores: [
      '**/dist',
      '**/node_modules',
      '**/cdk.out',
      'docs/public',
      '**/coverage',
      'build',
      '**/image/*.js',
      'infra/image',
      'cli/page',
    ],
  },
  ...tseslint.configs.strict,
  { files: ['*/src/**/*.ts'], extends: [tseslint.configs.strictTypeChecked] },
  {
    files: ['**/*.{ts,tsx}'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver({ project: 'tsconfig.json' })] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-extraneous-dependencies': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['*/src/**/*.ts'],
    rules: {
      // One form of privacy: what the language enforces. A constructor has no other than TypeScript's.
      'no-restricted-syntax': [
        'error',
        {
          selector:
            ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"], TSParameterProperty)[accessibility="private"]',
          message: 'Write #name.',
        },
      ],
      // Numbers and flags read as they are written.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // A promise's rejection is typed where it is caught: the system's errors by their codes.
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      // Fields that hold functions are declared as methods.
      '@typescript-eslint/unbound-method': 'off',
      // What callers without types and files hand over is checked at run time, and shown as it is.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      // An async function without await turns its faults into rejections.
      '@typescript-eslint/require-await': 'off',
      // () => void calls in arrow functions are how callbacks are written here.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  ...Object.keys(arrows).map((room) => ({
    files: [`${room}/src/**/*.ts`],
    rules: {
      // A room's own files by path, no other's; the packages it may not import by name.
      'no-restricted-imports': [
        'error',
        { paths: room === 'inference' ? [] : [runtimeOnly], patterns: patterns(room) },
      ],
      'import-x/no-relative-packages': 'error',
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: false, packageDir: [`./${room}`] }],
    },
  })),
  // A bundler must see the name, and a missing package must be a fault that can be caught.
  { files: ['inference/src/runtime.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
