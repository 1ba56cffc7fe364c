import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { SentenceEncoder } from '@sagemaker-reranker/distillation';

/** The sentence encoder of a directory: its one ONNX file and the tokenizer beside it. */
export async function openEncoder(directory: string): Promise<SentenceEncoder> {
  const files = await readdir(directory);
  const find = (end: string): string => {
    const name = files.find((file) => file.endsWith(end));
    if (name === undefined) throw new Error(`${directory} has no file *${end}`);
    return path.join(directory, name);
  };
  return SentenceEncoder.load({
    model: find('.onnx'),
    tokenizer: find('tokenizer.json'),
    maximumTokens: 512,
    threads: 2,
  });
}
