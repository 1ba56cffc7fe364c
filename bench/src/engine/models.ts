import { existsSync } from 'node:fs';
import path from 'node:path';
import { MANIFEST_FILE, type VariantId, packageRoot } from '@sagemaker-reranker/models';
import { synthesizeModel } from '@sagemaker-reranker/models/build';

/** Directory of a full-size model with seeded random weights; written at the first call and kept under `build/`. */
export async function benchModel(model: VariantId, precision: 'fp32' | 'int8'): Promise<string> {
  const out = path.join(path.dirname(packageRoot(__dirname)), 'build', 'bench', `${model}-${precision}`);
  if (!existsSync(path.join(out, MANIFEST_FILE))) await synthesizeModel({ model, precision, seed: 7, out });
  return out;
}
