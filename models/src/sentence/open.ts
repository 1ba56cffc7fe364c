import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { exportedFile, hasSafetensors, openPublished } from '../directory/build.js';
import { readPublishedTokenizer } from '../directory/tokenizer-file.js';
import { encoderGraph } from '../encoder/encoder.js';
import { productsByActivation } from '../encoder/products-by-activation.js';
import { ModelError } from '../errors.js';
import type { Graph } from '../onnx/graph.js';
import { readTokenizerSettings } from '../source/tokenizer-settings.js';
import { type FoundSettings, readEncoderSettings } from './settings.js';

/** A sentence encoder's files: an exporter's graph, or weights of which this project emits one. */
export interface SentenceEncoderFiles {
  readonly settings: FoundSettings;
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  readonly tokenizer: string;
  readonly model:
    | { readonly file: string }
    /** Its one output, `embedding`, is the pooled vector. */
    | { readonly graph: Graph };
}

/** Where no file tells how long a text may be. */
const USUAL_LENGTH = 512;

/**
 * Opens a directory with a sentence encoder as sentence-transformers saves it: `model.safetensors` with `config.json`, of any
 * structure whose graph is emitted, or an exporter's `model.onnx`; `tokenizer.json`; pooling and prompts.
 * @throws ModelError as `openPublished`, `readPublishedTokenizer` and `readEncoderSettings`; `model_file_missing`.
 */
export async function openSentenceEncoder(directory: string): Promise<SentenceEncoderFiles> {
  const info = await stat(directory).catch(() => undefined);
  if (!info?.isDirectory()) {
    const message = `no directory with an encoder's files at ${directory}`;
    throw new ModelError('model_directory_missing', message, directory);
  }
  const tokenizer = path.join(directory, 'tokenizer.json');
  if (!existsSync(tokenizer)) {
    throw new ModelError('model_file_missing', `${tokenizer} is missing: texts are read by it`, tokenizer);
  }
  const settings = readEncoderSettings([directory]);
  const { maxLength: trained } = readTokenizerSettings(path.join(directory, 'tokenizer_config.json'));
  const told = settings.maxLength ?? trained;
  const exported = exportedFile(directory);
  if (exported !== undefined && !hasSafetensors(directory)) {
    return { settings, maxLength: told ?? USUAL_LENGTH, tokenizer, model: { file: exported } };
  }
  const published = await openPublished(directory, settings.pooling === 'cls' ? 'first' : 'mean');
  try {
    const { spec, weights, architecture, maxLength } = published;
    await readPublishedTokenizer(tokenizer, architecture.vocabulary);
    const graph = encoderGraph(spec, weights, {
      tokenTypes: false,
      embeddings: 'fp32',
      products: productsByActivation('fp32'),
    });
    return {
      settings,
      maxLength: Math.min(told ?? maxLength, maxLength),
      tokenizer,
      model: { graph },
    };
  } finally {
    published.close();
  }
}
