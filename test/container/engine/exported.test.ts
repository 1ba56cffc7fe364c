import { withinMemory } from '../../../container/engine/exported';
import type { ModelDescription } from '../../../models';
import { quiet } from '../support/logger';

const GIBIBYTE = 1024 ** 3;
const description: ModelDescription = {
  name: 'm',
  model: 'model.onnx',
  precision: 'unknown',
  architecture: { layers: 4, hidden: 384, heads: 12, intermediate: 1_536, vocabulary: 100 },
  max_length: 8_192,
  tokenizer: { path: 'tokenizer.json', vocabulary: 100, pad: 1 },
  pair_template: [],
  inputs: { input_ids: 'input_ids', attention_mask: 'attention_mask' },
  output: 'logits',
  exported: { choices: [] },
};

describe('the longest pair of an exported graph', () => {
  const longest = (memory: number, workers = 1) =>
    withinMemory(description, workers, quiet, memory).max_length;

  it('takes half of the memory at most, shared by the inference processes', () => {
    for (const workers of [1, 2, 4]) {
      const tokens = longest(4 * GIBIBYTE, workers);
      // Four arrays of [12, S, S] float32.
      expect(workers * 4 * 4 * 12 * tokens ** 2).toBeLessThanOrEqual(2 * GIBIBYTE);
      expect(workers * 4 * 4 * 12 * (tokens + 1) ** 2).toBeGreaterThan(2 * GIBIBYTE);
    }
  });

  it('is never longer than the model takes', () => {
    expect(longest(64 * GIBIBYTE)).toBe(8_192);
  });

  it('of a graph of this project is left alone', () => {
    const { exported, ...ours } = description;
    expect(exported).toBeDefined();
    expect(withinMemory(ours, 8, quiet, GIBIBYTE)).toBe(ours);
  });
});
