import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { VARIANTS, type VariantId } from '@sagemaker-reranker/models';

const made: string[] = [];

export function temporaryDirectory(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'reranker-infra-'));
  made.push(directory);
  return directory;
}

/** Removes what the fixtures of this test file made. */
export function removeFixtures(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
}

/** A model directory with a true manifest over a few bytes; infra never opens the weights. */
export function modelDirectory(variant: VariantId | undefined, content = 'weights'): string {
  const directory = temporaryDirectory();
  const files = [
    { path: 'model.onnx', text: content },
    { path: 'tokenizer.json', text: '{}' },
  ].map(({ path: name, text }) => {
    writeFileSync(path.join(directory, name), text);
    return {
      path: name,
      bytes: Buffer.byteLength(text),
      sha256: createHash('sha256').update(text).digest('hex'),
    };
  });
  writeManifest(directory, {
    format_version: 1,
    name: variant ?? 'own',
    variant,
    source: { kind: 'fixture' },
    precision: 'int8',
    architecture: VARIANTS[variant ?? 'tiny'].architecture,
    parameters: 1,
    max_length: 8192,
    model: 'model.onnx',
    tokenizer: { path: 'tokenizer.json', vocabulary: 1, pad: 0 },
    pair_template: [
      { sequence: 'query', type: 0 },
      { sequence: 'document', type: 0 },
    ],
    inputs: { input_ids: 'input_ids', attention_mask: 'attention_mask' },
    output: 'logits',
    files,
    created_by: 'fixture',
  });
  return directory;
}

export function writeManifest(directory: string, manifest: object): void {
  writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
}

/** A docker build context of its own, so that snapshots do not change with every line of the container. */
export function buildContext(): string {
  const directory = temporaryDirectory();
  writeFileSync(path.join(directory, 'Dockerfile'), 'FROM scratch\n');
  return directory;
}
