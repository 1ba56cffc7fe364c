import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { ModelError } from '../errors.js';
import { jsonOf } from '../common/file-kinds.js';
import { describeIssues } from '../common/issues.js';
import { SafetensorsFile } from './safetensors.js';
import type { WeightSource } from './weight-source.js';

/** Of weights that are published in several files: which file has a tensor. */
export const WEIGHT_INDEX = 'model.safetensors.index.json';

const schema = v.looseObject({
  // A file beside the index: a name that leads elsewhere is none.
  weight_map: v.record(v.string(), v.pipe(v.string(), v.regex(/^[\w-][\w.-]*\.safetensors$/))),
});

/**
 * File names by tensor.
 * @throws ModelError `model_file_missing`, `model_invalid`.
 */
export function readWeightIndex(file: string): ReadonlyMap<string, string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
  }
  const result = v.safeParse(schema, jsonOf(bytes, file, 'model_invalid'));
  if (result.success) return new Map(Object.entries(result.output.weight_map));
  const message = `${file} is no index of weights: ${describeIssues(result.issues)}`;
  throw new ModelError('model_invalid', message, file);
}

/** The files that an index names. */
export function shardsOf(index: ReadonlyMap<string, string>): string[] {
  return [...new Set(index.values())].sort();
}

/** Weights in several safetensors files. */
export class ShardedWeights implements WeightSource {
  readonly #index: ReadonlyMap<string, string>;
  readonly #files = new Map<string, SafetensorsFile>();

  /** @throws ModelError as `readWeightIndex` and `SafetensorsFile`. */
  constructor(readonly file: string) {
    this.#index = readWeightIndex(file);
    try {
      for (const shard of shardsOf(this.#index)) {
        this.#files.set(shard, new SafetensorsFile(path.join(path.dirname(file), shard)));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.#index.keys()];
  }

  shape(name: string): readonly number[] | undefined {
    return this.#shard(name)?.shape(name);
  }

  read(name: string): Float32Array {
    const shard = this.#shard(name);
    if (shard === undefined)
      throw new ModelError('weights_invalid', `${this.file} names no ${name}`, this.file);
    return shard.read(name);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #shard(name: string): SafetensorsFile | undefined {
    return this.#files.get(this.#index.get(name) ?? '');
  }
}
