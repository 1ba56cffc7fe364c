import type { Graph } from '../onnx/graph.js';
import type { EncoderOptions } from './encoder.js';
import {
  FineIntegerProducts,
  FloatProducts,
  IntegerProducts,
  type IntegerSettings,
  OffsetIntegerProducts,
  type Products,
  type WeightBits,
  WeightOnlyProducts,
} from './products.js';
import type { Precision, ProductForm, Quantization } from './quantization.js';

function productsOf(g: Graph, form: ProductForm, settings: IntegerSettings): Products {
  switch (form) {
    case 'fp32':
      return new FloatProducts(g);
    case 'weights':
      return new WeightOnlyProducts(g);
    case 'int8':
      return new IntegerProducts(g, settings);
    case 'offset':
      return new OffsetIntegerProducts(g, settings);
    case 'fine':
      return new FineIntegerProducts(g, settings);
  }
}

/** The products of a graph of this precision, by the activation that they read. */
export function productsByActivation(
  precision: Precision,
  bits: WeightBits = 8,
  { forms = {}, importance }: Quantization = {},
): EncoderOptions['products'] {
  const chosen = Object.values(forms);
  // The few rows that the head reads: every rounding there goes straight into the logit.
  const first = chosen.length > 0 && chosen.every((form) => form === 'fp32') ? 'fp32' : 'fine';
  return (g, activation, rows) => {
    if (precision === 'fp32') return productsOf(g, 'fp32', { bits });
    if (precision === 'int8-weights') return productsOf(g, 'weights', { bits });
    const settings = { bits, importance: importance?.get(activation) };
    return productsOf(g, rows === 'first' ? first : (forms[activation] ?? 'int8'), settings);
  };
}
