import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { ModelError } from '../errors.js';
import { describeIssues } from '../common/issues.js';
import { jsonOf } from '../common/file-kinds.js';

/** What a hub `tokenizer_config.json` says of a pair. */
export interface TokenizerSettings {
  /** Longest pair in tokens; absent where the file has none, or the usual huge number for "no limit". */
  readonly maxLength?: number;
  /** False where the model is fed no token types. */
  readonly tokenTypes?: boolean;
}

const NO_LIMIT = 1e9;

const schema = v.looseObject({
  model_max_length: v.nullish(v.number()),
  model_input_names: v.nullish(v.array(v.string())),
});

/**
 * Reads the settings of a tokenizer; a repository without them says nothing.
 * @throws ModelError `config_invalid`.
 */
export function readTokenizerSettings(file: string): TokenizerSettings {
  if (!existsSync(file)) return {};
  const result = v.safeParse(schema, jsonOf(readFileSync(file), file, 'config_invalid'));
  if (!result.success) {
    const message = `${file} is no tokenizer's settings: ${describeIssues(result.issues)}`;
    throw new ModelError('config_invalid', message, file);
  }
  const { model_max_length: length, model_input_names: names } = result.output;
  return {
    maxLength: Number.isSafeInteger(length) && length! > 0 && length! < NO_LIMIT ? length! : undefined,
    tokenTypes: names?.includes('token_type_ids'),
  };
}
