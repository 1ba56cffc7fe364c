import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const body = `
  const client = { rerank: async ({ documents }) => ({ results: documents.map((document, index) => ({ document, index, relevanceScore: 0.5 })) }) };
  new RerankerCompressor({ client }).compressDocuments([new Document({ pageContent: 'a' })], 'q')
    .then(([first]) => process.stdout.write(String(first instanceof Document)));
`;

it.each([
  [
    'an ES module',
    ['--input-type=module'],
    `import { Document } from '@langchain/core/documents';
     import { RerankerCompressor } from '@sagemaker-reranker/client/langchain';`,
  ],
  [
    'CommonJS',
    ['--input-type=commonjs'],
    `const { Document } = require('@langchain/core/documents');
     const { RerankerCompressor } = require('@sagemaker-reranker/client/langchain');`,
  ],
])("gives %s documents of the framework's own class", async (_, flags, imports) => {
  const cwd = path.resolve(__dirname, '..', '..', '..');
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', imports + body], { cwd });
  expect(stdout).toBe('true');
});
