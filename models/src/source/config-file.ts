import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import { jsonOf } from '../common/file-kinds.js';

/** A hub `config.json`, nothing in it checked. */
export interface ConfigJson {
  readonly model_type?: unknown;
  readonly architectures?: unknown;
  readonly id2label?: unknown;
  readonly num_labels?: unknown;
  readonly [field: string]: unknown;
}

/** Language models that rerank by a prompt: a pair is not all that they read, and what serves encoders is slow for them. */
export const DECODERS: ReadonlySet<string> = new Set([
  'bloom',
  'cohere',
  'cohere2',
  'falcon',
  'gemma',
  'gemma2',
  'gemma3',
  'gemma3_text',
  'gpt2',
  'gpt_neo',
  'gpt_neox',
  'gptj',
  'granite',
  'llama',
  'minicpm',
  'mistral',
  'mixtral',
  'mpt',
  'olmo',
  'olmo2',
  'opt',
  'phi',
  'phi3',
  'qwen2',
  'qwen2_moe',
  'qwen3',
  'qwen3_moe',
  'smollm3',
  'stablelm',
]);
const ENCODER_DECODERS: ReadonlySet<string> = new Set(['t5', 'mt5', 'umt5', 'bart', 'mbart', 'pegasus']);

const INSTEAD =
  'Encoders of like quality: bge-reranker-v2-m3 (many languages), gte-reranker-modernbert-base, mxbai-rerank-base-v1; `reranker models list` tells of them';

/** What to do about a head of several classes. */
export const HEAD_ADVICE =
  'a reranker has one logit: several classes give no single order. Train or export the model with num_labels 1; ' +
  'of two classes under a softmax, the difference of the two rows of the classifier is that one logit';

/** @throws ModelError `model_file_missing`, `config_invalid`. */
export async function parseConfig(file: string): Promise<ConfigJson> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const message = `${file} cannot be read: the model's sizes are in it`;
    throw new ModelError('model_file_missing', message, file, { cause });
  });
  return parseConfigText(bytes, file);
}

/** @throws ModelError `config_invalid`. */
function parseConfigText(content: Uint8Array, file: string): ConfigJson {
  const parsed = jsonOf(content, file, 'config_invalid');
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ModelError('config_invalid', `${file} must hold an object: the model's sizes by name`, file);
  }
  return parsed as ConfigJson;
}

/** @throws ModelError `structure_unsupported` for a model that is no encoder, naming it and what to use instead. */
export function checkKind({ model_type, is_decoder }: ConfigJson, file: string): void {
  const kind = String(model_type);
  const what =
    DECODERS.has(kind) || is_decoder === true
      ? 'a decoder'
      : ENCODER_DECODERS.has(kind)
        ? 'an encoder-decoder'
        : undefined;
  if (what === undefined) return;
  const message = `${file}: ${JSON.stringify(model_type)} is ${what}, a language model; encoders with a head of one logit are served. ${INSTEAD}`;
  throw new ModelError('structure_unsupported', message, file);
}

/** Classes of the head; a file that names none says nothing, and the classifier's own shape decides. */
export function labelsOf({ id2label, num_labels }: ConfigJson): unknown {
  return typeof id2label === 'object' && id2label !== null ? Object.keys(id2label).length : num_labels;
}

/** @throws ModelError `head_unsupported` for a model of several classes, or without a classification head. */
export function checkHead(config: ConfigJson, file: string): void {
  const { architectures } = config;
  const [name] = Array.isArray(architectures) ? architectures.map(String) : [];
  // A file that names no class of its own says nothing of the head.
  if (name !== undefined && !/SequenceClassification$/.test(name) && !name.includes('Reranker')) {
    const message = `${file}: ${name} has no classification head: an embedding or language model; a reranker's class ends in ForSequenceClassification. As a first stage it can be evaluated: \`reranker eval beir --first-stage DIR\``;
    throw new ModelError('head_unsupported', message, file);
  }
  const count = labelsOf(config) ?? 1;
  if (count === 1) return;
  const message = `${file} declares ${JSON.stringify(count)} labels; ${HEAD_ADVICE}`;
  throw new ModelError('head_unsupported', message, file);
}

/**
 * Whether scores are published as the raw logit rather than its sigmoid, where the files say it: sentence-transformers'
 * `activation_fn`, and its older name.
 */
export function publishedActivation(config: ConfigJson): 'sigmoid' | 'identity' | undefined {
  const settings = config.sentence_transformers as { activation_fn?: unknown } | null | undefined;
  const name = settings?.activation_fn ?? config.sbert_ce_default_activation_function;
  if (typeof name !== 'string') return undefined;
  if (name.endsWith('Identity')) return 'identity';
  return name.endsWith('Sigmoid') ? 'sigmoid' : undefined;
}
