import path from 'node:path';
import { ClientReranker, HttpTransport, RerankerClient } from '@sagemaker-reranker/client';
import type { Reranker } from '@sagemaker-reranker/evaluation';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { UsageError } from '@sagemaker-reranker/models';

/** What is measured; all lists may be given at once. */
export interface TargetOptions {
  readonly model?: readonly string[];
  readonly url?: readonly string[];
  readonly endpointName?: readonly string[];
  readonly endpoint?: string;
  readonly region?: string;
}

/** A target before it runs. */
interface Target {
  readonly name: string;
  open(): Promise<{ readonly client: RerankerClient; close(): Promise<unknown> }>;
}

/**
 * Rerankers of all targets, each behind the typed client. A model directory is served by a container of its own, which
 * runs only while it is measured.
 * @throws UsageError when a target is named twice, or an option has no target it belongs to.
 */
export function rerankersOf(options: TargetOptions): AsyncIterable<Reranker> {
  const targets = targetsOf(options);
  const names = targets.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`${twice} is named twice: each target is measured once`);
  return open(targets);
}

async function* open(targets: readonly Target[]): AsyncGenerator<Reranker, void> {
  for (const target of targets) {
    const { client, close } = await target.open();
    try {
      yield new ClientReranker(target.name, client);
    } finally {
      client.close();
      await close();
    }
  }
}

function targetsOf(options: TargetOptions): Target[] {
  const { model = [], url = [], endpointName = [], endpoint, region } = options;
  if (endpointName.length === 0 && (endpoint ?? region) !== undefined) {
    throw new UsageError('--endpoint and --region say where --endpoint-name is found: name an endpoint');
  }
  const endpoints = endpointName.map((name): Target =>
    remote(name, () => new RerankerClient({ endpointName: name, ...defined({ endpoint, region }) })),
  );
  const containers = url.map((each): Target =>
    remote(each, () => new RerankerClient({ transport: new HttpTransport({ url: each }) })),
  );
  const models = shortNames(model).map(([name, directory]) => local(name, directory));
  const targets = [...models, ...containers, ...endpoints];
  return targets.length > 0 ? targets : [local('embedded')];
}

function remote(name: string, connect: () => RerankerClient): Target {
  return { name, open: () => Promise.resolve({ client: connect(), close: () => Promise.resolve() }) };
}

function local(name: string, modelDirectory?: string): Target {
  return {
    name,
    open: async () => {
      const { containerUrl, close } = await startLocalEndpoint({ port: 0, ...defined({ modelDirectory }) });
      return { client: new RerankerClient({ transport: new HttpTransport({ url: containerUrl }) }), close };
    },
  };
}

/** Directories with the last part of their path as name, or with the whole path where two end alike. */
function shortNames(directories: readonly string[]): [string, string][] {
  const last = directories.map((directory) => path.basename(path.resolve(directory)));
  return directories.map((directory, i) => {
    const unique = last.indexOf(last[i]) === last.lastIndexOf(last[i]);
    return [unique ? last[i] : directory, directory];
  });
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;
}
