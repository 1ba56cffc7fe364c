import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// The arrows of docs/architecture.md: what a room may import besides itself.
const arrows = {
  client: [],
  models: [],
  container: ['models', 'client'],
  infra: ['models', 'cost'],
  cost: ['models', 'client'],
  evaluation: ['client', 'models'],
};
const rooms = [...Object.keys(arrows), 'cli', 'test', 'bench', 'examples'];
const zones = Object.entries(arrows).flatMap(([room, allowed]) =>
  rooms
    .filter((other) => other !== room && !allowed.includes(other))
    .map((other) => ({
      target: `./${room}`,
      from: `./${other}`,
      message: `${room}/ may import ${allowed.length ? allowed.join(', ') : 'nothing of ours'}; see docs/architecture.md.`,
    })),
);
// The client is installed into Lambdas: it must pull in neither ONNX Runtime nor the CDK.
const heavy = [
  'onnxruntime-node',
  'tokenizers',
  'express',
  'aws-cdk-lib',
  'constructs',
  'protobufjs',
  'pino',
  'zod',
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'cdk.out', 'coverage', 'build'] },
  ...tseslint.configs.strict,
  {
    files: ['**/*.ts'],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true } },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['models/onnx/runtime.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'onnxruntime-node',
              message: 'models/onnx/runtime.ts offers it, with its telemetry off.',
            },
          ],
        },
      ],
    },
  },
  { files: ['client/**/*.ts'], rules: { 'no-restricted-imports': ['error', { paths: heavy }] } },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
