import { ClientReranker } from '@sagemaker-reranker/client';
import type { Reranker } from '@sagemaker-reranker/evaluation';
import {
  MANIFEST_FILE,
  UsageError,
  embeddedModelDirectory,
  readModelDirectory,
} from '@sagemaker-reranker/models';
import { checkTarget, connect } from '../connect.js';
import { type Target, type Targets, shortNames } from '../options.js';
import { filesDigest } from './eval-first-stages.js';

interface Named {
  readonly name: string;
  readonly target: Target;
}

/**
 * Rerankers of all targets, each behind the typed client. A model directory is served by a container of its own, which
 * runs only while it is measured.
 * @throws UsageError when a target is named twice, or an option has no target it belongs to.
 */
export function rerankersOf(options: Targets): () => AsyncIterable<Reranker> {
  const targets = targetsOf(options);
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice: each target is measured once`);
  targets.forEach(({ target }) => checkTarget(target));
  return () => open(targets);
}

async function* open(targets: readonly Named[]): AsyncGenerator<Reranker, void> {
  for (const { name, target } of targets) {
    const { client, close } = await connect(target);
    try {
      yield Object.assign(new ClientReranker(name, client), await identityOf(target));
    } finally {
      await close();
    }
  }
}

/** Which model it is: of a directory by its files, of what runs elsewhere by its address. */
async function identityOf({ model, url, endpointName, region }: Target): Promise<Partial<Reranker>> {
  if (url !== undefined || endpointName !== undefined) {
    return { identity: JSON.stringify([url, endpointName, region]) };
  }
  const directory = model ?? embeddedModelDirectory();
  const description = await readModelDirectory(directory);
  const { model: file, modelFiles = [file], tokenizer } = description;
  return {
    identity: filesDigest(directory, [...modelFiles, tokenizer.path, MANIFEST_FILE]),
    variant: description.variant,
  };
}

function targetsOf({ model = [], url = [], endpointName = [], region }: Targets): Named[] {
  if (endpointName.length > 0 && url.length > 1) {
    throw new UsageError(
      '--url beside --endpoint-name is the SageMaker Runtime API of all endpoints: give one',
    );
  }
  const models = shortNames(model).map(([name, directory]) => ({ name, target: { model: directory } }));
  const elsewhere: Named[] =
    endpointName.length > 0
      ? endpointName.map((name) => ({ name, target: { endpointName: name, url: url[0], region } }))
      : url.map((each) => ({ name: each, target: { url: each, region } }));
  const targets = [...models, ...elsewhere];
  return targets.length > 0 ? targets : [{ name: 'embedded', target: { region } }];
}
