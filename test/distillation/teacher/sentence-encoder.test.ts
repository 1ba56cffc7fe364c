import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { embeddedModelDirectory } from '@sagemaker-reranker/models';
import { reranker } from '../../support/cli.js';
import { CONFIG, CORPUS } from '../../support/distillation.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'sentence-'));
  await writeFile(path.join(directory, 'corpus.jsonl'), CORPUS);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function distil(change: object) {
  const file = path.join(directory, 'config.json');
  await rm(path.join(directory, 'work'), { recursive: true, force: true });
  await writeFile(file, JSON.stringify({ ...CONFIG, work: 'work', out: 'out', ...change }));
  return reranker(['models', 'distil', file, '--threads', '1']);
}

test('a reranker named as sentence encoder is refused by what it gives', async () => {
  const at = (name: string): string => path.join(embeddedModelDirectory(), name);
  const model = at('model.onnx');
  const teacher = { kind: 'sentence-encoder', model, tokenizer: at('tokenizer.json'), weight: 1 };
  const { code, stderr } = await distil({ teachers: [teacher] });
  expect(code).toBe(1);
  expect(stderr).toContain(`${model} gives logits [1, 1] for input_ids [1, 4]: no sentence encoder`);
});
