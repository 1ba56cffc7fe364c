import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readManifest } from '@sagemaker-reranker/models';
import { CLI, bash } from '../support/cli.js';
import { exportLike } from '../support/exported.js';
import { LoopbackHub } from '../support/hub.js';
import { halfSafetensors, publishedWeights, smallBert, writePublished } from '../support/published.js';

// Models are built, tuned and compared in it: a deadline against a hang, however busy the machine.
const DEADLINE_MS = 300_000;
const root = path.resolve(__dirname, '..', '..');
const page = readFileSync(path.join(root, 'docs', 'models.md'), 'utf8');
const blocks = [...page.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => block);

let directory: string;
let hub: LoopbackHub;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'docs-models-'));
  const published = path.join(directory, 'path/to/published');
  await writePublished(published, smallBert);
  await writeFile(
    path.join(published, 'model.safetensors'),
    halfSafetensors(publishedWeights(smallBert, 5), 'BF16'),
  );
  const exported = path.join(directory, 'path/to/export');
  await mkdir(exported, { recursive: true });
  await cp(published, exported, { recursive: true });
  await rm(path.join(exported, 'model.safetensors'));
  await writeFile(
    path.join(exported, 'model.onnx'),
    exportLike(smallBert, publishedWeights(smallBert, 5), 'biases'),
  );
  const sample = { query: 'heat pump', documents: ['a heat pump warms', 'bread and yeast', 'a wing stalls'] };
  await writeFile(path.join(directory, 'samples.jsonl'), `${JSON.stringify(sample)}\n`.repeat(6));
  hub = new LoopbackHub();
  await hub.start();
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors']) {
    hub.files.set(name, await readFile(path.join(published, name)));
  }
});
afterAll(async () => {
  await hub.stop();
  await rm(directory, { recursive: true, force: true });
});

it(
  'docs/models.md: its commands, one after the other, do what it says',
  async () => {
    const said: string[] = [];
    for (const block of blocks) {
      await rm(path.join(directory, 'build/model'), { recursive: true, force: true });
      // The last block takes what the one before it built; deploying needs an account.
      if (block.includes('models verify'))
        await run('npx reranker models build path/to/published --out build/model');
      said.push(await run(block.replace(/^npx cdk .*$/m, '')));
    }
    const [list, fetched, built, sampled, imported, verified] = said as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(list).toMatch(/^jina-v2 .*CC-BY-NC-4\.0 \(not for commercial use\)/m);
    expect(fetched).toContain('build/minilm: ');
    expect(built).toMatch(
      /precision chosen: (int8 keeps the ranking of the samples|fp32, because of int8 .+)$/m,
    );
    expect(built).toMatch(/Kendall tau of the rankings: \S+; same first document: \d of 8 queries/);
    expect(sampled).toMatch(/same first document: \d of 6 queries/);
    expect(imported).toMatch(/^path\/to\/export: export, up to 512 tokens$/m);
    expect(verified).toContain('build/model.tar.gz');
    const { variant, source } = await readManifest(path.join(directory, 'build/minilm'));
    expect(variant).toBeUndefined();
    expect(source).toMatchObject({ kind: 'hub', revision: LoopbackHub.commit });
  },
  DEADLINE_MS,
);

async function run(block: string): Promise<string> {
  const script = block.replaceAll('npx reranker', `"${process.execPath}" "${CLI}"`);
  const { stdout } = await bash(script, {
    cwd: directory,
    env: { ...process.env, HF_ENDPOINT: hub.endpoint },
  });
  return stdout;
}
