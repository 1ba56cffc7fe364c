import { ModelError } from '../errors.js';
import type { WeightReader } from '../encoder/weights.js';

/** Weights of a model by their published names, read one at a time. */
export interface WeightSource {
  readonly file: string;
  readonly names: readonly string[];
  /** The name under which a weight is there. Default: its own. */
  given?(name: string): string;
  /** `undefined` for a name that is not there. Linear weights are [out, in]. */
  shape(name: string): readonly number[] | undefined;
  /** Values as float32, row-major. */
  read(name: string): Float32Array;
  close(): void;
}

/** What old checkpoints call the two weights of a norm. */
const OLD_NAMES: Readonly<Record<string, string>> = { weight: 'gamma', bias: 'beta' };

/**
 * The source with its weights found under their other names too: norms under those of old checkpoints, all of them without the
 * model's own prefix, as an encoder without a head is saved.
 */
export function withOtherNames(source: WeightSource): WeightSource {
  const known = new Set(source.names);
  const old = (name: string): string =>
    name.replace(/(norm)\.(weight|bias)$/i, (_, norm: string, part: string) => `${norm}.${OLD_NAMES[part]}`);
  const bare = (name: string): string => name.slice(name.indexOf('.') + 1);
  const given = (name: string): string =>
    [name, old(name), bare(name), old(bare(name))].find((one) => known.has(one)) ?? name;
  return {
    file: source.file,
    names: source.names,
    given,
    shape: (name) => source.shape(given(name)),
    read: (name) => source.read(given(name)),
    close: () => source.close(),
  };
}

/** Weights of a layer, but for tables that some checkpoints keep of what is computed anyway. */
const LAYER_WEIGHT = /\blayers?\.\d+\..*(?<!inv_freq|position_ids|\.alibi)$/;
/** Faults listed before the rest is only counted. */
const MOST_FAULTS = 5;

/**
 * A reader that gives exactly the weights of `shapes`.
 * @throws ModelError `weights_invalid` naming the tensors that are missing or of another shape; a reading that finds NaN
 * or infinity throws it too.
 */
export function checkedReader(
  source: WeightSource,
  shapes: ReadonlyMap<string, readonly number[]>,
): WeightReader {
  const faults: string[] = [];
  for (const [name, shape] of shapes) {
    const found = source.shape(name);
    const wanted = `[${shape.join(', ')}]`;
    if (!found) faults.push(`${name} ${wanted} is missing`);
    else if (found.join() !== shape.join())
      faults.push(`${name} is [${found.join(', ')}], config.json makes it ${wanted}`);
  }
  const needed = new Set([...shapes.keys()].map((name) => source.given?.(name) ?? name));
  // Embeddings and heads of training are no part of what is computed; a layer's weights always are.
  const foreign = source.names.filter((name) => LAYER_WEIGHT.test(name) && !needed.has(name));
  for (const name of foreign) faults.push(`${name} belongs to no layer that config.json tells of`);
  if (faults.length > 0) {
    const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : '';
    const list = faults.slice(0, MOST_FAULTS).join('; ');
    throw new ModelError('weights_invalid', `${source.file}: ${list}${more}`, source.file);
  }
  return (name) => {
    const data = source.read(name);
    const at = firstNotFinite(data);
    if (at >= 0) {
      const message = `${source.file}: ${name} holds ${data[at]!} at position ${at}; weights must be finite`;
      throw new ModelError('weights_invalid', message, source.file);
    }
    return data;
  };
}

function firstNotFinite(data: Float32Array): number {
  // x - x is 0 exactly for finite x, and a plain loop reads a hundred million weights in a tenth of a second.
  for (let i = 0; i < data.length; i += 1) if (data[i]! - data[i]! !== 0) return i;
  return -1;
}
