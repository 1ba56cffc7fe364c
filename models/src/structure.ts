import { bertWeightShapes, isBert } from './bert/weights.js';
import type { BertArchitecture } from './bert/weights.js';
import { weightShapes } from './jinabert/weights.js';
import type { Architecture } from './registry.js';

/** Every weight of a cross-encoder with its shape, in the order in which a forward pass reads them. */
export function shapesOf(a: Architecture | BertArchitecture): Map<string, number[]> {
  return isBert(a) ? bertWeightShapes(a) : weightShapes(a);
}

/** Number of trainable parameters. */
export function parametersOf(a: Architecture | BertArchitecture): number {
  const sizes = [...shapesOf(a).values()].map((shape) => shape.reduce((x, y) => x * y, 1));
  return sizes.reduce((x, y) => x + y, 0);
}
