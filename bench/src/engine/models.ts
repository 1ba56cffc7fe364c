import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MANIFEST_FILE, VARIANTS, type VariantId, packageRoot } from '@sagemaker-reranker/models';
import { randomWeights, synthesizeModel } from '@sagemaker-reranker/models/build';
import { plainJinaBert } from '../models/plain-graph.js';

const SEED = 7;
const directoryOf = (name: string): string =>
  path.join(path.dirname(packageRoot(__dirname)), 'build', 'bench', name);

/** Directory of a full-size model with seeded random weights; written at the first call and kept under `build/`. */
export async function benchModel(model: VariantId, precision: 'fp32' | 'int8'): Promise<string> {
  const out = directoryOf(`${model}-${precision}`);
  if (!existsSync(path.join(out, MANIFEST_FILE)))
    await synthesizeModel({ model, precision, seed: SEED, out });
  return out;
}

/** The graph that an exporter makes of the weights of tiny fp32: what users of other tools have. `model.onnx` and `tokenizer.json`. */
export async function exportedModel(): Promise<string> {
  const out = directoryOf('tiny-fp32-exported');
  const file = path.join(out, 'model.onnx');
  if (existsSync(file)) return out;
  await mkdir(out, { recursive: true });
  await copyFile(
    path.join(await benchModel('tiny', 'fp32'), 'tokenizer.json'),
    path.join(out, 'tokenizer.json'),
  );
  const { architecture } = VARIANTS.tiny;
  await writeFile(`${file}.part`, plainJinaBert(architecture, randomWeights(architecture, SEED)));
  await rename(`${file}.part`, file);
  return out;
}
