import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { ModelError } from '../errors.js';
import { describeIssues } from '../common/issues.js';
import { jsonOf } from '../common/file-kinds.js';

/** How an encoder makes a text's vector of its last hidden states, and what it wants before a text. */
export interface EncoderSettings {
  /** The mean over the tokens, or the first token's state. */
  readonly pooling: 'mean' | 'cls';
  readonly queryPrefix: string;
  readonly documentPrefix: string;
}

/** What the files of sentence-transformers say of an encoder. */
export interface FoundSettings extends EncoderSettings {
  /** Longest text in tokens, where a file tells it. */
  readonly maxLength?: number;
}

const MODULES = v.array(v.looseObject({ path: v.string(), type: v.string() }));
const POOLING = v.looseObject({
  pooling_mode: v.optional(v.string()),
  include_prompt: v.optional(v.boolean()),
});
const PROMPTS = v.looseObject({
  prompts: v.nullish(v.record(v.string(), v.string())),
  default_prompt_name: v.nullish(v.string()),
});
const TRANSFORMER = v.looseObject({ max_seq_length: v.nullish(v.number()) });

/** Modules whose work is done here; a vector is scaled to length 1 whether there is a `Normalize` or not. */
const DONE = ['Transformer', 'Pooling', 'Normalize'];
const MODES: Readonly<Record<string, EncoderSettings['pooling']>> = {
  mean: 'mean',
  mean_tokens: 'mean',
  cls: 'cls',
  cls_token: 'cls',
};

/**
 * What the files of sentence-transformers in the first of these directories that has them say: `modules.json`,
 * `1_Pooling/config.json`, the prompts of `config_sentence_transformers.json`, and `sentence_bert_config.json`. Without them the
 * mean and no prefix, as all-MiniLM-L6-v2 wants.
 * @throws ModelError `structure_unsupported` for another pooling and for modules behind it, `config_invalid`.
 */
export function readEncoderSettings(directories: readonly string[]): FoundSettings {
  const find = <T extends v.GenericSchema>(name: string, schema: T): v.InferOutput<T> | undefined => {
    const file = directories.map((directory) => path.join(directory, name)).find((one) => existsSync(one));
    return file === undefined ? undefined : read(file, schema);
  };
  const modules = find('modules.json', MODULES) ?? [];
  const unsupported = (why: string): ModelError =>
    new ModelError('structure_unsupported', `${directories[0]} ${why}`, directories[0]);
  const kind = (type: string): string => type.split('.').at(-1)!;
  const foreign = modules.find(({ type }) => !DONE.includes(kind(type)));
  if (foreign) {
    throw unsupported(`has a module ${foreign.type}: encoders of ${DONE.join(', ')} are known`);
  }
  const place = modules.find(({ type }) => kind(type) === 'Pooling')?.path ?? '1_Pooling';
  const pooling = find(`${place}/config.json`, POOLING);
  const { prompts, default_prompt_name } = find('config_sentence_transformers.json', PROMPTS) ?? {};
  const prompt = (...names: string[]): string =>
    [...names, default_prompt_name ?? ''].map((name) => prompts?.[name]).find((one) => one !== undefined) ??
    '';
  const queryPrefix = prompt('query');
  const documentPrefix = prompt('document', 'passage', 'corpus');
  if (pooling?.include_prompt === false && queryPrefix + documentPrefix !== '') {
    throw unsupported('leaves its prompts out of the mean (include_prompt): such encoders are not known');
  }
  const length = find('sentence_bert_config.json', TRANSFORMER)?.max_seq_length;
  return {
    pooling: modeOf(pooling, unsupported),
    queryPrefix,
    documentPrefix,
    maxLength: length ?? undefined,
  };
}

/** By the one name that newer files have, or by the flags of older ones. */
function modeOf(
  pooling: v.InferOutput<typeof POOLING> | undefined,
  unsupported: (why: string) => ModelError,
): EncoderSettings['pooling'] {
  if (pooling === undefined) return 'mean';
  const flags = Object.keys(pooling).filter(
    (name) => name.startsWith('pooling_mode_') && pooling[name] === true,
  );
  const names =
    pooling.pooling_mode === undefined
      ? flags.map((name) => name.slice('pooling_mode_'.length))
      : [pooling.pooling_mode];
  const mode = names.length === 1 ? MODES[names[0]!] : undefined;
  if (mode !== undefined) return mode;
  throw unsupported(
    `pools by ${names.join(' and ') || 'nothing'}: only the mean and the first token (cls) are known`,
  );
}

function read<T extends v.GenericSchema>(file: string, schema: T): v.InferOutput<T> {
  const result = v.safeParse(schema, jsonOf(readFileSync(file), file, 'config_invalid'));
  if (result.success) return result.output;
  throw new ModelError('config_invalid', `${file}: ${describeIssues(result.issues)}`, file);
}
