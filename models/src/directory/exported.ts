import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { ModelDescription } from './description.js';
import type { Architecture } from '../architecture.js';
import { ModelError } from '../errors.js';
import { MANIFEST_FILE, bertPair, robertaPair } from './manifest.js';
import type { ModelManifest, PairElement } from './manifest.js';
import { DataType } from '../onnx/data-type.js';
import { readInterface } from '../onnx/interface.js';
import type { GraphInterface, GraphValue } from '../onnx/interface.js';
import { HEAD_ADVICE, checkKind, labelsOf, parseConfig, publishedActivation } from '../source/config-file.js';
import type { ConfigJson } from '../source/config-file.js';
import { type TokenizerFacts, readPublishedTokenizer } from './tokenizer-file.js';
import { type TokenizerSettings, readTokenizerSettings } from '../source/tokenizer-settings.js';

/** Structures that `models build` makes graphs of. */
const BUILT = 'JinaBERT, BERT, RoBERTa, XLM-R, ELECTRA, DistilBERT, ModernBERT and DeBERTa-v2';

/** Where exporters put ONNX files. */
const FOLDERS = ['', 'onnx'] as const;
/** Preferred first: full precision gives the published scores, whatever else stands beside it. */
const PREFERRED = ['model.onnx', 'model_quantized.onnx', 'model_int8.onnx', 'model_uint8.onnx'] as const;
/** Longest pair where no file says it: what nearly all cross-encoders were trained with. */
const USUAL_LENGTH = 512;
/** Structures whose position table begins behind the padding id: the first token has position pad + 1. */
const OFFSET_POSITIONS = ['roberta', 'xlm-roberta', 'xlm-roberta-xl', 'camembert', 'mpnet', 'longformer'];

/**
 * What a hub repository's own files say of a cross-encoder: `model.onnx` or `onnx/model*.onnx`, `tokenizer.json`,
 * `config.json`. Nothing is assumed of the structure but inputs of token ids and one logit a pair.
 * @throws ModelError `model_file_missing`, `model_invalid`, `config_invalid`, `tokenizer_invalid`;
 *   `structure_unsupported` for an interface that cannot be fed; `head_unsupported` for several classes.
 */
export async function describeExport(directory: string): Promise<ModelDescription> {
  const choices: string[] = [`no ${MANIFEST_FILE}: what follows is read off the hub's files`];
  const model = chooseFile(directory, choices);
  const modelFile = path.join(directory, model);
  const configFile = path.join(directory, 'config.json');
  const config = await parseConfig(configFile);
  checkKind(config, configFile);
  const settings = readTokenizerSettings(path.join(directory, 'tokenizer_config.json'));
  const graph = readInterface(modelFile);
  const inputs = inputsOf(graph, modelFile);
  const output = outputOf(graph, modelFile, config, configFile);
  const architecture = architectureOf(config, configFile);
  const tokenizer = await readPublishedTokenizer(
    path.join(directory, 'tokenizer.json'),
    architecture.vocabulary,
  );
  return {
    // config.json's _name_or_path is no name: it says what the model was once loaded from.
    name: path.basename(path.resolve(directory)),
    model,
    precision: 'unknown',
    architecture,
    max_length: maxLength(config, settings, choices),
    tokenizer: { path: 'tokenizer.json', vocabulary: tokenizer.vocabulary, pad: tokenizer.pad },
    pair_template: templateOf(tokenizer, config, inputs, settings, choices),
    inputs,
    output,
    activation: publishedActivation(config),
    exported: { choices },
    weightsBeside: graph.dataFiles.length > 0 ? true : undefined,
    modelFiles: [model, ...graph.dataFiles.map((file) => path.posix.join(path.posix.dirname(model), file))],
  };
}

function chooseFile(directory: string, choices: string[]): string {
  const there = FOLDERS.flatMap((folder) => {
    const inside = path.join(directory, folder);
    const names = existsSync(inside) ? readdirSync(inside) : [];
    // macOS tar leaves a file ._NAME beside each NAME.
    const models = names.filter((name) => name.endsWith('.onnx') && !name.startsWith('._'));
    return models.map((name) => path.posix.join(folder, name));
  });
  const preferred = PREFERRED.flatMap((name) => FOLDERS.map((folder) => path.posix.join(folder, name)));
  const chosen =
    preferred.find((file) => there.includes(file)) ?? (there.length === 1 ? there[0] : undefined);
  if (chosen === undefined) {
    const found =
      there.length > 0
        ? `${there.join(', ')}, of which none is the obvious one: keep one, or name it model.onnx`
        : `neither ${MANIFEST_FILE} nor model.onnx nor onnx/model*.onnx. From model.safetensors \`reranker models build\` makes a model directory of ${BUILT}; other models are exported first: \`optimum-cli export onnx --task text-classification\``;
    throw new ModelError('model_file_missing', `${directory} holds ${found}${wrapped(directory)}`, directory);
  }
  const unused = there.filter((file) => file !== chosen);
  choices.push(
    `the model is ${chosen}${unused.length > 0 ? `; unused beside it: ${unused.join(', ')}` : ''}; its precision is not declared`,
  );
  return chosen;
}

/** What to say where a folder inside holds the files, as when an archive was made of the folder and not of its files. */
function wrapped(directory: string): string {
  const inside = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) =>
      entry.isDirectory() &&
      readdirSync(path.join(directory, entry.name)).some(
        (name) => name === MANIFEST_FILE || (name.endsWith('.onnx') && !name.startsWith('._')),
      ),
  );
  return inside.length === 0
    ? ''
    : `; its folder ${inside.map(({ name }) => name).join(', ')} holds one: pack the files themselves, not the folder around them`;
}

/** The names under which the graph wants ids, mask and types. */
function inputsOf(graph: GraphInterface, file: string): ModelManifest['inputs'] {
  const unsupported = (why: string): ModelError =>
    new ModelError('structure_unsupported', `${file}: ${why}`, file);
  const listed = graph.inputs.map(({ name }) => name).join(', ');
  const known = {
    input_ids: /input_ids$/,
    attention_mask: /(attention|input)_mask$/,
    token_type_ids: /(token_type|segment)_ids$/,
  };
  const find = (pattern: RegExp): GraphValue | undefined =>
    graph.inputs.find(({ name }) => pattern.test(name));
  const ids = find(known.input_ids);
  const mask = find(known.attention_mask);
  const types = find(known.token_type_ids);
  if (ids === undefined || mask === undefined) {
    throw unsupported(`its inputs are ${listed}; input_ids and attention_mask are wanted`);
  }
  const other = graph.inputs.find((input) => ![ids, mask, types].includes(input));
  if (other !== undefined) {
    throw unsupported(
      `its inputs are ${listed}; besides input_ids, attention_mask and token_type_ids nothing can be fed`,
    );
  }
  for (const { name, type, dims } of graph.inputs) {
    if (type !== DataType.INT64) {
      throw unsupported(`input ${name} has data type ${type}; int64 (${DataType.INT64}) can be fed`);
    }
    if (dims !== undefined && (dims.length !== 2 || dims.some((size) => size !== undefined))) {
      const shape = dims.map((size) => size ?? '?').join(', ');
      throw unsupported(`input ${name} is [${shape}]; both sizes of [batch, sequence] must be left open`);
    }
  }
  return {
    input_ids: ids.name,
    attention_mask: mask.name,
    ...(types !== undefined && { token_type_ids: types.name }),
  };
}

function outputOf({ outputs }: GraphInterface, file: string, config: ConfigJson, configFile: string): string {
  const output =
    outputs.find(({ name }) => name === 'logits') ?? (outputs.length === 1 ? outputs[0] : undefined);
  const listed = outputs.map(({ name }) => name).join(', ');
  if (output === undefined) {
    throw new ModelError(
      'structure_unsupported',
      `${file}: its outputs are ${listed}; a cross-encoder with a classification head has one, or one named logits`,
      file,
    );
  }
  const { name, type, dims } = output;
  if (dims !== undefined && dims.length > 2) {
    throw new ModelError(
      'structure_unsupported',
      `${file}: output ${name} has ${dims.length} dimensions: values for every token, as of an embedding or language model; a cross-encoder gives [batch, 1]`,
      file,
    );
  }
  if (type !== DataType.FLOAT) {
    throw new ModelError(
      'structure_unsupported',
      `${file}: output ${name} has data type ${type}; float32 (${DataType.FLOAT}) is read: export without half-precision outputs`,
      file,
    );
  }
  const declared = dims?.[1];
  // What the graph says counts; only where it leaves the number of classes open does config.json.
  const classes = declared ?? (dims?.length === 1 ? 1 : labelsOf(config));
  if (classes !== undefined && classes !== 1) {
    const where = declared === undefined ? `${configFile} declares` : `${file}: output ${name} has`;
    throw new ModelError(
      'head_unsupported',
      `${where} ${JSON.stringify(classes)} classes a pair; ${HEAD_ADVICE}`,
      file,
    );
  }
  return name;
}

/** Sizes under the names that different structures give them. */
function architectureOf(config: ConfigJson, file: string): Architecture {
  const faults: string[] = [];
  const size = (names: readonly string[], fallback?: number): number => {
    const value =
      names.map((name) => config[name]).find((found) => found !== undefined && found !== null) ?? fallback;
    if (Number.isInteger(value) && (value as number) > 0) return value as number;
    faults.push(`${names[0]} must be a positive integer, not ${JSON.stringify(value)}`);
    return 1;
  };
  const hidden = size(['hidden_size', 'dim', 'd_model']);
  const architecture: Architecture = {
    structure: 'other',
    layers: size(['num_hidden_layers', 'n_layers', 'num_layers']),
    hidden,
    heads: size(['num_attention_heads', 'n_heads', 'num_heads']),
    intermediate: size(['intermediate_size', 'hidden_dim', 'd_ff'], 4 * hidden),
    vocabulary: size(['vocab_size']),
  };
  if (faults.length > 0) throw new ModelError('config_invalid', `${file}: ${faults.join('; ')}`, file);
  return architecture;
}

function maxLength(config: ConfigJson, settings: TokenizerSettings, choices: string[]): number {
  const declared = positiveInteger(config.max_position_embeddings);
  const positionType = config.position_embedding_type ?? 'absolute';
  if (declared !== undefined && positionType !== 'absolute') {
    // Without a position table nothing ends there, and the tokenizer's figure is often that of an older model.
    choices.push(
      `pairs have up to ${declared} tokens: max_position_embeddings with ${JSON.stringify(positionType)} positions`,
    );
    return declared;
  }
  const offset = OFFSET_POSITIONS.includes(String(config.model_type))
    ? (positiveInteger(config.pad_token_id) ?? 1) + 1
    : 0;
  const table = declared === undefined ? undefined : declared - offset;
  const trained = settings.maxLength;
  const length = Math.min(table ?? trained ?? USUAL_LENGTH, trained ?? Infinity);
  choices.push(
    `pairs have up to ${length} tokens: ` +
      `max_position_embeddings ${declared ?? 'absent'}${offset > 0 ? ` less ${offset} that padding takes` : ''}, ` +
      `model_max_length ${trained ?? 'absent'}`,
  );
  return length;
}

function positiveInteger(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 1e9
    ? (value as number)
    : undefined;
}

function templateOf(
  tokenizer: TokenizerFacts,
  config: ConfigJson,
  inputs: ModelManifest['inputs'],
  settings: TokenizerSettings,
  choices: string[],
): readonly PairElement[] {
  const { template = tokenizer.bert ? bertPair(tokenizer) : robertaPair(tokenizer, 0) } = tokenizer;
  const origin =
    tokenizer.template === undefined
      ? 'usual with its special tokens: tokenizer.json declares none'
      : "of tokenizer.json's post-processor";
  const fed = inputs.token_type_ids !== undefined;
  const zero =
    config.type_vocab_size === 1 || config.type_vocab_size === 0
      ? `type_vocab_size is ${config.type_vocab_size}`
      : settings.tokenTypes === false
        ? 'model_input_names leaves them out'
        : undefined;
  const types = !fed
    ? 'are not: the graph has no input for them'
    : zero === undefined
      ? 'are fed'
      : `are all 0: ${zero}`;
  choices.push(`the pair template is the one ${origin}; token types ${types}`);
  return fed && zero !== undefined ? template.map((element) => ({ ...element, type: 0 })) : template;
}
