import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { build } from 'esbuild';
import { LAMBDA_BUNDLE } from '../../bench/src/client.js';

const root = path.resolve(__dirname, '../..');

// From the sources, and from dist/ as a stack of the installed package bundles it.
it.each([
  ['client/src/', 'client/src/lambda/handler.ts'],
  ['client/dist/', 'client/dist/lambda/handler.js'],
])(
  'is under 60 kB minified in a Lambda bundle of %s, handler included, and needs nothing but the AWS SDK',
  async (room, entry) => {
    const { outputFiles, metafile } = await build({
      entryPoints: [path.join(root, entry)],
      ...LAMBDA_BUNDLE,
      write: false,
      metafile: true,
      outfile: 'handler.js',
      absWorkingDir: root,
    });
    expect(outputFiles[0]!.contents.byteLength).toBeLessThan(60_000);
    expect(Object.keys(metafile.inputs).filter((input) => !input.startsWith(room))).toEqual([]);
    const imported = metafile.outputs['handler.js']!.imports.map((entry) => entry.path);
    const foreign = imported.filter((name) => !name.startsWith('node:'));
    expect(new Set(foreign)).toEqual(new Set(['@aws-sdk/client-s3', '@aws-sdk/client-sagemaker-runtime']));
  },
);

it('loads neither the SDK nor an adapter when it is imported', () => {
  const script = `
    require(${JSON.stringify(path.join(root, 'client/dist'))});
    process.stdout.write(JSON.stringify(Object.keys(require.cache)));
  `;
  const loaded = JSON.parse(execFileSync(process.execPath, ['-e', script]).toString()) as string[];
  expect(loaded.length).toBeGreaterThan(5);
  expect(loaded.filter((file) => !file.startsWith(path.join(root, 'client/dist')))).toEqual([]);
});
