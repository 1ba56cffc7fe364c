import { readFile } from 'node:fs/promises';
import { ModelError } from '../errors.js';
import type { Architecture } from '../registry.js';
import type { BertArchitecture } from '../bert/weights.js';

/** What `config.json` says of a cross-encoder this project can build. */
export interface ConfigFacts {
  readonly architecture: Architecture | BertArchitecture;
  /** Longest pair in tokens that the positions allow. */
  readonly positions: number;
}

/** A hub `config.json`, nothing in it checked. */
export interface ConfigJson {
  readonly model_type?: unknown;
  readonly position_embedding_type?: unknown;
  readonly feed_forward_type?: unknown;
  readonly hidden_act?: unknown;
  readonly layer_norm_eps?: unknown;
  readonly type_vocab_size?: unknown;
  readonly id2label?: unknown;
  readonly num_labels?: unknown;
  readonly [size: string]: unknown;
}

const SIZES = {
  layers: 'num_hidden_layers',
  hidden: 'hidden_size',
  heads: 'num_attention_heads',
  intermediate: 'intermediate_size',
  vocabulary: 'vocab_size',
} as const;

/**
 * Reads a hub `config.json` of a JinaBERT (ALiBi positions, gated MLP) or of a BERT (position embeddings, plain MLP).
 * @throws ModelError `config_invalid` naming every field that cannot be; `structure_unsupported` for another kind of
 * model; `head_unsupported` for a head of several classes.
 */
export async function readConfig(file: string): Promise<ConfigFacts> {
  const config = await parseConfig(file);
  const unsupported = (why: string): ModelError =>
    new ModelError('structure_unsupported', `${file}: ${why}`, file);

  if (config.model_type !== 'bert') {
    const found = JSON.stringify(config.model_type);
    throw unsupported(
      `model_type is ${found}; graphs are built for "bert": JinaBERT and BERT cross-encoders`,
    );
  }
  const positionType = config.position_embedding_type ?? 'absolute';
  const jina = positionType === 'alibi';
  if (!jina && positionType !== 'absolute')
    throw unsupported(
      `position_embedding_type is ${JSON.stringify(positionType)}; "alibi" and "absolute" are built`,
    );
  const feedForward = config.feed_forward_type ?? 'original';
  if (jina !== (feedForward === 'geglu'))
    throw unsupported(
      `feed_forward_type ${JSON.stringify(feedForward)} with ${String(positionType)} positions is not built; "alibi" goes with "geglu", "absolute" with the plain MLP`,
    );
  const activation = config.hidden_act ?? 'gelu';
  if (activation !== 'gelu')
    throw unsupported(`hidden_act is ${JSON.stringify(activation)}; "gelu" is built`);
  const epsilon = config.layer_norm_eps ?? 1e-12;
  if (epsilon !== 1e-12) throw unsupported(`layer_norm_eps is ${JSON.stringify(epsilon)}; 1e-12 is built`);
  const types = config.type_vocab_size ?? 2;
  if (types !== 2) throw unsupported(`type_vocab_size is ${JSON.stringify(types)}; 2 is built`);
  checkLabels(config, file);

  const faults: string[] = [];
  const size = (field: string): number => {
    const value = config[field];
    if (!Number.isInteger(value) || (value as number) < 1)
      faults.push(`${field} must be a positive integer, not ${JSON.stringify(value)}`);
    return value as number;
  };
  const architecture: Architecture = {
    layers: size(SIZES.layers),
    hidden: size(SIZES.hidden),
    heads: size(SIZES.heads),
    intermediate: size(SIZES.intermediate),
    vocabulary: size(SIZES.vocabulary),
  };
  const positions = size('max_position_embeddings');
  if (faults.length > 0) throw new ModelError('config_invalid', `${file}: ${faults.join('; ')}`, file);
  return { architecture: jina ? architecture : { structure: 'bert', ...architecture, positions }, positions };
}

/** @throws ModelError `model_file_missing`, `config_invalid`. */
export async function parseConfig(file: string): Promise<ConfigJson> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ModelError('model_file_missing', `${file} cannot be read`, file, { cause });
  });
  try {
    return (JSON.parse(text) ?? {}) as ConfigJson;
  } catch (cause) {
    const message = `${file} is not JSON: ${(cause as Error).message}`;
    throw new ModelError('config_invalid', message, file, { cause });
  }
}

/** Classes of the head; a file that names none says nothing, and the classifier's own shape decides. */
export function labelsOf({ id2label, num_labels }: ConfigJson): unknown {
  return typeof id2label === 'object' && id2label !== null ? Object.keys(id2label).length : num_labels;
}

function checkLabels(config: ConfigJson, file: string): void {
  const count = labelsOf(config) ?? 1;
  if (count === 1) return;
  const message = `${file} declares ${JSON.stringify(count)} labels; a reranker has one: several classes give no single order`;
  throw new ModelError('head_unsupported', message, file);
}
