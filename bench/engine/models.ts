import { existsSync } from 'node:fs';
import path from 'node:path';
import { MANIFEST_FILE, packageRoot, synthesizeModel, type VariantId } from '../../models';

/** Directory of a full-size model with seeded random weights; written at the first call and kept under `build/`. */
export async function benchModel(model: VariantId, precision: 'fp32' | 'int8'): Promise<string> {
  const out = path.join(packageRoot(), 'build', 'bench', `${model}-${precision}`);
  if (!existsSync(path.join(out, MANIFEST_FILE))) await synthesizeModel({ model, precision, seed: 7, out });
  return out;
}
