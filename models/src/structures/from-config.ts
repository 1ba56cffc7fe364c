import type { Activation, Architecture, RelativeSizes } from '../architecture.js';
import { ModelError } from '../errors.js';
import { type ConfigJson, checkHead, checkKind } from '../source/config-file.js';

/** What `config.json` says of a cross-encoder whose graph this project emits. */
export interface ConfigFacts {
  readonly architecture: Architecture;
  /** Longest pair in tokens that the positions allow. */
  readonly positions: number;
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
};

/** Reads the fields of one `config.json` and collects what is wrong with them. */
class Fields {
  readonly faults: string[] = [];

  constructor(
    readonly config: ConfigJson,
    readonly file: string,
  ) {}

  /** A positive integer. */
  size(name: string, fallback?: number): number {
    const value = this.config[name] ?? fallback;
    if (Number.isInteger(value) && (value as number) > 0) return value as number;
    this.faults.push(`${name} must be a positive integer, not ${JSON.stringify(value)}`);
    return 1;
  }

  number(name: string, fallback: number): number {
    const value = this.config[name] ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    this.faults.push(`${name} must be a number, not ${JSON.stringify(value)}`);
    return fallback;
  }

  activation(name: string): Activation {
    const value = this.config[name] ?? 'gelu';
    const known = typeof value === 'string' ? ACTIVATIONS[value] : undefined;
    if (known === undefined) {
      const built = Object.keys(ACTIVATIONS).join(', ');
      throw this.unsupported(`${name} is ${JSON.stringify(value)}; ${built} are built`);
    }
    return known;
  }

  /** @throws ModelError `structure_unsupported` where the field has another value than the one that is built. */
  only(name: string, built: unknown, why: string): void {
    const value = this.config[name] ?? built;
    if (value !== built) {
      throw this.unsupported(
        `${name} is ${JSON.stringify(value)}; ${JSON.stringify(built)} is built: ${why}`,
      );
    }
  }

  unsupported(why: string): ModelError {
    return new ModelError('structure_unsupported', `${this.file}: ${why}. ${IMPORT_ADVICE}`, this.file);
  }

  sizes(): Pick<Architecture, 'layers' | 'hidden' | 'heads' | 'intermediate' | 'vocabulary'> {
    return {
      layers: this.size('num_hidden_layers'),
      hidden: this.size('hidden_size'),
      heads: this.size('num_attention_heads'),
      intermediate: this.size('intermediate_size'),
      vocabulary: this.size('vocab_size'),
    };
  }
}

const IMPORT_ADVICE =
  'Export it to ONNX (`optimum-cli export onnx --task text-classification`) and take the export as it is: `reranker models import DIR`';

const READERS: Readonly<Record<string, (fields: Fields) => ConfigFacts>> = {
  bert,
  roberta,
  'xlm-roberta': roberta,
  camembert: roberta,
  electra,
  distilbert,
  modernbert,
  'deberta-v2': deberta,
};

/** `model_type` of every structure whose graph is emitted. */
const BUILT_TYPES = Object.keys(READERS);

/**
 * The architecture that a hub `config.json` describes.
 * @param file where it was read, for messages
 * @param head whether it is to be one with a cross-encoder's head
 * @throws ModelError `config_invalid` naming every field that cannot be; `structure_unsupported` for a model of another kind,
 * decoders by name; `head_unsupported` for a head of several classes, or none.
 */
export function architectureFromConfig(config: ConfigJson, file: string, head = true): ConfigFacts {
  const fields = new Fields(config, file);
  checkKind(config, file);
  const read = READERS[String(config.model_type)];
  if (read === undefined) {
    const found = JSON.stringify(config.model_type);
    throw fields.unsupported(
      `model_type is ${found}; graphs are built for ${BUILT_TYPES.join(', ')}: JinaBERT, BERT and their kin`,
    );
  }
  if (head) checkHead(config, file);
  const facts = read(fields);
  const { hidden, heads } = facts.architecture;
  if (fields.faults.length === 0 && hidden % heads !== 0) {
    fields.faults.push(`hidden_size (${hidden}) must be a multiple of num_attention_heads (${heads})`);
  }
  if (fields.faults.length > 0) {
    throw new ModelError('config_invalid', `${file}: ${fields.faults.join('; ')}`, file);
  }
  return facts;
}

/** Leaves out what is the structure's default, so that manifests hold what matters. */
function unless<T>(value: T, usual: T): T | undefined {
  return value === usual ? undefined : value;
}

function bert(fields: Fields): ConfigFacts {
  const { config } = fields;
  const positionType = config.position_embedding_type ?? 'absolute';
  const jina = positionType === 'alibi';
  if (!jina) fields.only('position_embedding_type', 'absolute', 'or "alibi" of JinaBERT');
  const feedForward = config.feed_forward_type ?? 'original';
  if (jina !== (feedForward === 'geglu')) {
    throw fields.unsupported(
      `feed_forward_type ${JSON.stringify(feedForward)} with ${String(positionType)} positions is not built; "alibi" goes with "geglu", "absolute" with the plain MLP`,
    );
  }
  const positions = fields.size('max_position_embeddings');
  const common = {
    ...fields.sizes(),
    ...shared(fields, 2, 1e-12),
  };
  return {
    architecture: jina ? common : { structure: 'bert', ...common, positions },
    positions,
  };
}

function shared(
  fields: Fields,
  types: number,
  epsilon: number,
): Pick<Architecture, 'types' | 'epsilon' | 'activation'> {
  return {
    types: unless(fields.number('type_vocab_size', types), types),
    epsilon: unless(fields.number('layer_norm_eps', epsilon), epsilon),
    activation: unless(fields.activation('hidden_act'), 'gelu'),
  };
}

function roberta(fields: Fields): ConfigFacts {
  fields.only('position_embedding_type', 'absolute', 'relative keys are of BERT alone');
  // The rows of the table up to the padding's are no positions: the first token has the row behind it.
  const offset = fields.number('pad_token_id', 1) + 1;
  const positions = fields.size('max_position_embeddings') - offset;
  return {
    architecture: { structure: 'roberta', ...fields.sizes(), positions, offset, ...shared(fields, 1, 1e-5) },
    positions,
  };
}

function electra(fields: Fields): ConfigFacts {
  fields.only('position_embedding_type', 'absolute', 'relative keys are of BERT alone');
  const sizes = fields.sizes();
  const positions = fields.size('max_position_embeddings');
  const embedding = unless(fields.size('embedding_size', sizes.hidden), sizes.hidden);
  return {
    architecture: { structure: 'electra', ...sizes, positions, embedding, ...shared(fields, 2, 1e-12) },
    positions,
  };
}

function distilbert(fields: Fields): ConfigFacts {
  const positions = fields.size('max_position_embeddings');
  return {
    architecture: {
      structure: 'distilbert',
      layers: fields.size('n_layers'),
      hidden: fields.size('dim'),
      heads: fields.size('n_heads'),
      intermediate: fields.size('hidden_dim'),
      vocabulary: fields.size('vocab_size'),
      positions,
      activation: unless(fields.activation('activation'), 'gelu'),
    },
    positions,
  };
}

function modernbert(fields: Fields): ConfigFacts {
  const { config } = fields;
  for (const [name, built] of [
    ['attention_bias', false],
    ['mlp_bias', false],
    ['norm_bias', false],
    ['classifier_bias', false],
    ['classifier_activation', 'gelu'],
  ] as const) {
    fields.only(name, built, 'no published model has another');
  }
  const positions = fields.size('max_position_embeddings');
  const pooling = config.classifier_pooling ?? 'cls';
  if (pooling !== 'cls' && pooling !== 'mean') {
    throw fields.unsupported(`classifier_pooling is ${JSON.stringify(pooling)}; "cls" and "mean" are built`);
  }
  const theta = (kind: string, old: string, usual: number): number => {
    const given = (config.rope_parameters as Partial<Record<string, { rope_theta?: unknown }>> | undefined)?.[
      kind
    ];
    return typeof given?.rope_theta === 'number' ? given.rope_theta : fields.number(old, usual);
  };
  return {
    architecture: {
      structure: 'modernbert',
      ...fields.sizes(),
      positions,
      epsilon: unless(fields.number('norm_eps', 1e-5), 1e-5),
      activation: unless(fields.activation('hidden_activation'), 'gelu'),
      pooling: pooling === 'mean' ? 'mean' : undefined,
      rotary: {
        globalTheta: theta('full_attention', 'global_rope_theta', 160_000),
        localTheta: theta('sliding_attention', 'local_rope_theta', 10_000),
        window: Math.floor(fields.size('local_attention', 128) / 2),
        every: every(fields),
      },
    },
    positions,
  };
}

/** Every how many layers one attends to all tokens, by the old field or by the list of layers. */
function every(fields: Fields): number {
  const kinds = fields.config.layer_types;
  if (!Array.isArray(kinds)) return fields.size('global_attn_every_n_layers', 3);
  const second = kinds.indexOf('full_attention', 1);
  const count = second < 0 ? kinds.length : second;
  const regular = kinds.every((kind, i) => (kind === 'full_attention') === (i % count === 0));
  if (!regular)
    throw fields.unsupported(
      'layer_types follow no period; layers 0, n, 2n, ... of full attention are built',
    );
  return count;
}

function deberta(fields: Fields): ConfigFacts {
  const { config } = fields;
  fields.only('relative_attention', true, 'without it there are no positions');
  fields.only('position_biased_input', false, 'DeBERTa-v3 has none');
  fields.only('pooler_hidden_act', 'gelu', 'no published model has another');
  if (Number(config.conv_kernel_size ?? 0) > 0) {
    throw fields.unsupported(
      `conv_kernel_size is ${String(config.conv_kernel_size)}; encoders without a convolution are built`,
    );
  }
  const sizes = fields.sizes();
  const positions = fields.size('max_position_embeddings');
  const buckets = fields.number('position_buckets', -1);
  const declared = fields.number('max_relative_positions', -1);
  const most = declared < 1 ? positions : declared;
  const kinds = config.pos_att_type ?? [];
  const parts = Array.isArray(kinds) ? kinds.map(String) : String(kinds).toLowerCase().split('|');
  const relative: RelativeSizes = {
    span: buckets > 0 ? buckets : most,
    buckets: buckets > 0,
    most,
    contentToPosition: parts.includes('c2p'),
    positionToContent: parts.includes('p2c'),
    shared: config.share_att_key === true,
    norm: String(config.norm_rel_ebd ?? 'none').includes('layer_norm'),
  };
  return {
    architecture: {
      structure: 'deberta',
      ...sizes,
      positions,
      embedding: unless(fields.size('embedding_size', sizes.hidden), sizes.hidden),
      ...shared(fields, 0, 1e-7),
      relative,
    },
    positions,
  };
}
