import { ModelError } from '../errors.js';
import type { WeightReader } from '../encoder/weights.js';

/** Weights of a model by their published names, read one at a time. */
export interface WeightSource {
  readonly file: string;
  readonly names: readonly string[];
  /** `undefined` for a name that is not there. Linear weights are [out, in]. */
  shape(name: string): readonly number[] | undefined;
  /** Values as float32, row-major. */
  read(name: string): Float32Array;
  close(): void;
}

/** What old checkpoints call the two weights of a norm. */
const OLD_NAMES: Readonly<Record<string, string>> = { weight: 'gamma', bias: 'beta' };

/** The source with the weights of its norms found under their old names too. */
export function withOldNames(source: WeightSource): WeightSource {
  const known = new Set(source.names);
  const given = (name: string): string => {
    if (known.has(name)) return name;
    const old = name.replace(
      /(norm)\.(weight|bias)$/i,
      (_, norm: string, part: string) => `${norm}.${OLD_NAMES[part]}`,
    );
    return known.has(old) ? old : name;
  };
  return {
    file: source.file,
    names: source.names,
    shape: (name) => source.shape(given(name)),
    read: (name) => source.read(given(name)),
    close: () => source.close(),
  };
}

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
