import type { PublishedModel } from '../directory/build.js';
import type { Graph } from '../onnx/graph.js';
import { specOf } from '../structures/structures.js';
import { encoderGraph } from './encoder.js';
import { FloatProducts, RoundedProducts, type WeightBits } from './products.js';
import { type Quantization, activationsOf } from './quantization.js';

/**
 * Graphs by which a quantization is chosen: `observed` gives every activation as an output of its own beside the logits;
 * `rounded` rounds weights as int8 does, and each activation where its flag in the input `rounded`, float32 [activations], is 1.
 */
export function instrumentGraph(
  { architecture, weights }: Pick<PublishedModel, 'architecture' | 'weights'>,
  options: {
    readonly kind: 'observed' | 'rounded';
    readonly tokenTypes: boolean;
    readonly weightBits?: WeightBits;
    readonly quantization?: Quantization;
  },
): Graph {
  const spec = specOf(architecture);
  const { kind, tokenTypes, weightBits = 8, quantization = {} } = options;
  const names = activationsOf(spec).map(({ name }) => name);
  const rounded = kind === 'rounded';
  return encoderGraph(spec, weights, {
    tokenTypes,
    embeddings: 'fp32',
    observed: !rounded,
    equalization: quantization.equalization,
    flags: rounded ? { name: 'rounded', count: names.length } : undefined,
    products: (g, activation, rows) => {
      if (!rounded) return new FloatProducts(g);
      // Of the rows that the head reads alone the weights are rounded too, the activations hardly.
      const at = rows === 'first' ? -1 : names.indexOf(activation);
      return new RoundedProducts(g, {
        bits: weightBits,
        flag: at < 0 ? g.float(0) : g.op('Gather', ['rounded', g.int(at)]),
        offset: quantization.forms?.[activation] === 'offset',
        importance: quantization.importance?.get(activation),
      });
    },
  });
}
