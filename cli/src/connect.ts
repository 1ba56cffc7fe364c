import {
  HttpTransport,
  RerankerClient,
  SageMakerTransport,
  type RerankTransport,
} from '@sagemaker-reranker/client';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { UsageError } from '@sagemaker-reranker/models';
import type { Target } from './options.js';

// The SDK's notice about the end of Node 20 concerns whoever runs Node, not whoever reads a ranking.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

export interface Connection {
  readonly client: RerankerClient;
  close(): Promise<void>;
}

/** @throws UsageError when more than one is named, and for a region without an endpoint. */
export function checkTarget({ model, url, endpointName, region }: Target): void {
  if (model !== undefined && (url ?? endpointName) !== undefined) {
    throw new UsageError('--model runs here, --url and --endpoint-name elsewhere: give one of them');
  }
  if (url !== undefined && !/^https?:\/\//.test(URL.canParse(url) ? url : '')) {
    throw new UsageError(`--url is ${JSON.stringify(url)}; it must be an http or https URL`);
  }
  if (region !== undefined && endpointName === undefined) {
    throw new UsageError('--region says where --endpoint-name is found: name an endpoint');
  }
}

/** The way to a target that runs already; undefined where a model directory is to be served here. */
export function transportOf({ url, endpointName, region }: Target): RerankTransport | undefined {
  if (endpointName !== undefined) return new SageMakerTransport({ endpointName, region, endpoint: url });
  return url === undefined ? undefined : new HttpTransport({ url });
}

/**
 * A client of a target; a model directory is served by a container that runs until the connection is closed.
 * @throws UsageError for flags that contradict each other; LocalEndpointError when the container does not start.
 */
export async function connect(target: Target, log?: (line: string) => void): Promise<Connection> {
  checkTarget(target);
  const there = transportOf(target);
  const local = there ? undefined : await startLocalEndpoint({ port: 0, modelDirectory: target.model, log });
  const client = new RerankerClient({ transport: there ?? new HttpTransport({ url: local!.containerUrl }) });
  return {
    client,
    close: async () => {
      client.close();
      await local?.close();
    },
  };
}
