import type { Architecture, Structure } from '../architecture.js';
import { type EncoderSpec, weightShapes } from '../encoder/spec.js';
import { bert, electra, roberta } from './bert.js';
import { deberta } from './deberta.js';
import { distilBert } from './distilbert.js';
import { jinaBert } from './jinabert.js';
import { modernBert } from './modernbert.js';

const SPECS: Readonly<Record<Exclude<Structure, 'other'>, (a: Architecture) => EncoderSpec>> = {
  jinabert: jinaBert,
  bert,
  roberta,
  electra,
  distilbert: distilBert,
  modernbert: modernBert,
  deberta,
};

/** @throws RangeError for an exporter's graph, whose structure is not known. */
export function specOf(a: Architecture): EncoderSpec {
  const { structure = 'jinabert' } = a;
  if (structure === 'other') throw new RangeError('the structure of an exported graph is not known');
  return SPECS[structure](a);
}

/** Every weight of a cross-encoder with its shape, in the order in which a forward pass reads them. */
export function shapesOf(a: Architecture): Map<string, number[]> {
  return weightShapes(specOf(a));
}

/** Number of trainable parameters. */
export function parametersOf(a: Architecture): number {
  const sizes = [...shapesOf(a).values()].map((shape) => shape.reduce((x, y) => x * y, 1));
  return sizes.reduce((x, y) => x + y, 0);
}
