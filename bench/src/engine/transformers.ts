import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '@sagemaker-reranker/models';
import type { Request } from './corpus.js';

/** What of transformers.js is used here. */
interface TransformersJs {
  readonly env: { allowRemoteModels: boolean; localModelPath: string; readonly version: string };
  readonly AutoTokenizer: { from_pretrained(name: string): Promise<Tokenize> };
  readonly AutoModelForSequenceClassification: {
    from_pretrained(name: string, options: object): Promise<Classify>;
  };
}
type Tokenize = (texts: string[], options: object) => Promise<object>;
type Classify = ((inputs: object) => Promise<unknown>) & { dispose(): Promise<unknown> };

interface TransformersModel {
  /** Versions of the library and of its ONNX Runtime. */
  readonly versions: string;
  /** Scores a request in batches as they come, each padded to its longest. */
  score(request: Request, batch: number): Promise<void>;
  close(): Promise<void>;
}

/** Loads the ONNX file of a model directory into transformers.js, which is installed first where it is missing. */
export async function loadTransformers(modelDir: string): Promise<TransformersModel> {
  const home = path.join(packageRoot(__dirname), 'transformers');
  if (!existsSync(path.join(home, 'node_modules', '@huggingface'))) {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: home,
      stdio: ['ignore', 2, 2],
      timeout: 300_000,
    });
  }
  const resolve = createRequire(path.join(home, 'package.json'));
  const entry = resolve.resolve('@huggingface/transformers');
  const library = (await import(pathToFileURL(entry).href)) as TransformersJs;
  const runtime = createRequire(entry)('onnxruntime-node/package.json') as { version: string };
  const directory = await mkdtemp(path.join(tmpdir(), 'reranker-bench-'));
  const at = path.join(directory, 'model');
  await mkdir(path.join(at, 'onnx'), { recursive: true });
  await copyFile(path.join(modelDir, 'model.onnx'), path.join(at, 'onnx', 'model.onnx'));
  await copyFile(path.join(modelDir, 'tokenizer.json'), path.join(at, 'tokenizer.json'));
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: 8192,
    pad_token: '<pad>',
  };
  await writeFile(path.join(at, 'tokenizer_config.json'), JSON.stringify(tokenizerConfig));
  const config = { model_type: 'bert', architectures: ['BertForSequenceClassification'], num_labels: 1 };
  await writeFile(path.join(at, 'config.json'), JSON.stringify(config));
  library.env.allowRemoteModels = false;
  library.env.localModelPath = directory;
  const tokenize = await library.AutoTokenizer.from_pretrained('model');
  const classify = await library.AutoModelForSequenceClassification.from_pretrained('model', {
    dtype: 'fp32',
    device: 'cpu',
  });
  return {
    versions: `transformers.js ${library.env.version} on onnxruntime-node ${runtime.version}`,
    score: async ({ query, documents }, batch) => {
      for (let at = 0; at < documents.length; at += batch) {
        const part = documents.slice(at, at + batch);
        const options = { text_pair: part, padding: true, truncation: true };
        await classify(await tokenize(new Array<string>(part.length).fill(query), options));
      }
    },
    close: async () => {
      await classify.dispose();
      await rm(directory, { recursive: true });
    },
  };
}
