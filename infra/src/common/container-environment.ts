/** What the deployment decides about a container; whatever is absent, the container decides by itself. */
export interface ContainerSettings {
  /** Tokens admitted and not yet scored. */
  readonly queueTokens?: number;
  /** Inference processes, each with a copy of every model. */
  readonly workers: number;
  /** Threads of each. */
  readonly threads?: number;
  /** Longest body of a request, bytes. */
  readonly maxBodyBytes?: number;
  /** Time after which nobody waits for an answer, ms. */
  readonly deadlineMs?: number;
}

/** The variables by which container/src/settings.ts reads them; the names are written down here alone. */
const VARIABLES: Readonly<Record<keyof ContainerSettings, string>> = {
  queueTokens: 'RERANKER_QUEUE_TOKENS',
  workers: 'RERANKER_WORKERS',
  threads: 'RERANKER_THREADS',
  maxBodyBytes: 'RERANKER_MAX_BODY_BYTES',
  deadlineMs: 'RERANKER_DEADLINE_MS',
};

/** The settings as the container reads them. */
export function containerEnvironment(settings: ContainerSettings): Record<string, string> {
  const names = Object.keys(VARIABLES) as (keyof ContainerSettings)[];
  return Object.fromEntries(
    names.flatMap((name) =>
      settings[name] === undefined ? [] : [[VARIABLES[name], String(settings[name])]],
    ),
  );
}

/** How a caller reaches one model of an endpoint, besides the endpoint's name. */
export interface CallSettings {
  /** Archive of a multi-model endpoint: `NAME.tar.gz`. */
  readonly targetModel?: string;
  /** Name of an inference component. */
  readonly inferenceComponent?: string;
  /** `s3://` URL that asynchronous requests are written below. */
  readonly inputLocation?: string;
  /** Longest body that the endpoint takes, bytes. */
  readonly payloadLimitBytes?: number;
}

/** The variables by which the Lambda handler (client/src/lambda/handler.ts) reads them. */
export function handlerEnvironment(
  endpoint: { readonly endpointName: string; readonly url?: string; readonly region?: string },
  call: CallSettings,
): Record<string, string> {
  const environment = {
    RERANKER_ENDPOINT_NAME: endpoint.endpointName,
    RERANKER_ENDPOINT_URL: endpoint.url,
    RERANKER_REGION: endpoint.region,
    RERANKER_TARGET_MODEL: call.targetModel,
    RERANKER_INFERENCE_COMPONENT: call.inferenceComponent,
    RERANKER_INPUT_LOCATION: call.inputLocation,
    RERANKER_PAYLOAD_LIMIT_BYTES: call.payloadLimitBytes?.toString(),
  };
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
