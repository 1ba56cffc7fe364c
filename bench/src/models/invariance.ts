import { rm } from 'node:fs/promises';
import path from 'node:path';
import { runBatches } from '@sagemaker-reranker/inference/verify';
import { THREADS, randomPairs, synthesized } from './setting.js';
import type { Setting } from './setting.js';

const COMPANY = 32;

/** The logits of 32 pairs together, in another order, and each alone: all variants, both precisions. */
export async function batchInvariance(setting: Setting): Promise<void> {
  const { report, note } = setting;
  for (const variant of ['tiny', 'turbo', 'base'] as const) {
    for (const precision of ['fp32', 'int8'] as const) {
      const { manifest, model } = await synthesized(
        { ...setting, directory: `${setting.directory}/batches` },
        variant,
        precision,
      );
      const pairs = randomPairs(COMPANY, 8, variant === 'base' ? 48 : 180);
      note(`${variant}, ${precision}: ${COMPANY} pairs together, reversed and alone`);
      const { inputs, output, tokenizer } = manifest;
      const load = { modelFile: model, inputs, output, pad: tokenizer.pad, threads: THREADS };
      const singles = pairs.map((pair) => ({ pairs: [pair] }));
      const { logits } = await runBatches(load, [{ pairs }, { pairs: [...pairs].reverse() }, ...singles]);
      const [together, reversed, ...alone] = logits;
      const differences = alone.flatMap(([logit], i) => [
        Math.abs(logit! - together![i]!),
        Math.abs(logit! - reversed![COMPANY - 1 - i]!),
      ]);
      report({
        name: `${variant} ${precision}: largest change of a logit by its batch`,
        // NaN must not pass as no difference.
        value: differences.every(Number.isFinite) ? Math.max(...differences) : Number.NaN,
        unit: 'logit',
        target: { atMost: 1e-5 },
      });
      await rm(path.dirname(model), { recursive: true });
    }
  }
}
