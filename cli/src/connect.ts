import { RerankerClient } from '@sagemaker-reranker/client';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { UsageError } from '@sagemaker-reranker/models';

// The SDK's notice about the end of Node 20 concerns whoever runs Node, not whoever reads a ranking.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Which model a command asks: a model directory here, or an endpoint. */
export interface Target {
  readonly model?: string;
  readonly endpointName?: string;
  readonly endpoint?: string;
  readonly region?: string;
}

export interface Connection {
  readonly client: RerankerClient;
  /** Address of the local endpoint, where one was started. */
  readonly url?: string;
  close(): Promise<void>;
}

/**
 * A client of the endpoint named, or of a local endpoint started on a model directory.
 * @throws UsageError when both are named.
 */
export async function connect({ model, endpointName, endpoint, region }: Target): Promise<Connection> {
  if (endpointName !== undefined || endpoint !== undefined) {
    if (model !== undefined)
      throw new UsageError('--model scores here, --endpoint-name elsewhere: name one of them');
    const client = new RerankerClient({
      endpointName: endpointName ?? 'local',
      ...(endpoint !== undefined && { endpoint }),
      ...(region !== undefined && { region }),
    });
    return {
      client,
      close: () => {
        client.close();
        return Promise.resolve();
      },
    };
  }
  const local = await startLocalEndpoint({ port: 0, ...(model !== undefined && { modelDirectory: model }) });
  const client = new RerankerClient({ endpointName: 'local', endpoint: local.url });
  return {
    client,
    url: local.url,
    close: async () => {
      client.close();
      await local.close();
    },
  };
}
