import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ensureRuntime } from '@sagemaker-reranker/inference';
import { systemReason } from '@sagemaker-reranker/models';
import { answerClientErrors } from '../http/client-errors.js';
import { AsyncQueue } from './async-queue.js';
import { ContainerProcess, type ContainerExit, type ContainerOptions } from './container-process.js';
import { LocalEndpointError } from './errors.js';
import { LocalObjectStore } from './object-store.js';
import { serveRuntimeApi, type Backend, type RuntimeApiOptions } from './runtime-api.js';

// Limits of a real-time endpoint.
const PAYLOAD_LIMIT_BYTES = 25 * 1024 * 1024;
const INVOCATION_TIMEOUT_MS = 60_000;
const STREAM_TIMEOUT_MS = 480_000;
// Longer than the SDKs keep a socket idle, so that none is closed under a request.
const KEEP_ALIVE_MS = 65_000;
// For answers to be written out once the container has ended.
const FLUSH_MS = 1_000;
// As infra/src/hosting/asynchronous.ts gives an asynchronous endpoint.
const CONCURRENT_INVOCATIONS = 4;

export interface LocalEndpointOptions {
  /** Port of the API on 127.0.0.1. Default 8080; 0 lets the system choose. */
  readonly port?: number;
  /** Model directory; default the one the container falls back to. */
  readonly modelDirectory?: string;
  /**
   * What the endpoint is: one that answers InvokeEndpoint, or one that takes InvokeEndpointAsync and has an object store
   * with S3's API beside it, at the same URL. Default `real-time`.
   */
  readonly hosting?: 'real-time' | 'asynchronous';
  /** Largest request and answer, bytes. Default 26,214,400; serverless endpoints take 4,194,304. */
  readonly payloadLimitBytes?: number;
  /** Milliseconds the container gets for an answer. Default 60,000, as SageMaker gives. */
  readonly invocationTimeoutMs?: number;
  /** Milliseconds the container gets for a streamed answer. Default 480,000, as SageMaker gives. */
  readonly streamTimeoutMs?: number;
  /** Milliseconds to the container's first healthy ping. Default 480,000, as SageMaker gives. */
  readonly startTimeoutMs?: number;
  /** Gets each line the container logs. */
  readonly log?: (line: string) => void;
  /** Sees each request first: true when it has taken it, as for a page of its own; false leaves it to the API. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Script of the container; default the one of this package. */
  readonly containerEntry?: string;
}

/** A running local endpoint. */
export interface LocalEndpoint {
  /** Base URL of the API: the `endpoint` of an SDK client, `--endpoint-url` of the AWS CLI. */
  readonly url: string;
  readonly port: number;
  /** Base URL of the container itself, `GET /ping` and `POST /invocations`. */
  readonly containerUrl: string;
  /** Resolves when the container has ended, by a crash or by {@link close}. */
  readonly exited: Promise<ContainerExit>;
  /**
   * Takes no new calls, lets those in flight finish, sends the container SIGTERM; resolves when it has ended. Asynchronous
   * invocations that have no answer yet get none, and the objects are removed.
   */
  close(): Promise<ContainerExit>;
}

/**
 * Starts the container as a process of its own and, in front of it, an endpoint that speaks the SageMaker Runtime API
 * on the loopback interface. AWS SDKs and the AWS CLI work against its URL, with any endpoint name and credentials.
 * Resolves once the container is ready.
 * @throws ModelError `runtime_missing` where ONNX Runtime is not installed;
 * LocalEndpointError `listen_failed`, `container_exited`, `container_start_timeout`; nothing is left running.
 */
export async function startLocalEndpoint(options: LocalEndpointOptions = {}): Promise<LocalEndpoint> {
  ensureRuntime();
  const backend: Backend = { port: 0, state: 'starting' };
  const payloadLimitBytes = options.payloadLimitBytes ?? PAYLOAD_LIMIT_BYTES;
  const asynchronous =
    options.hosting === 'asynchronous' ? asyncEndpoint(() => backend.port, payloadLimitBytes) : undefined;
  const api: RuntimeApiOptions = {
    backend,
    payloadLimitBytes,
    ...(asynchronous && { asynchronous }),
    invocationTimeoutMs: options.invocationTimeoutMs ?? INVOCATION_TIMEOUT_MS,
    streamTimeoutMs: options.streamTimeoutMs ?? STREAM_TIMEOUT_MS,
  };
  // Without a Host as with what is no HTTP: the answer says what is wrong, where Node's own is empty.
  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requireHostHeader: false },
    (request, response) => {
      if (!options.intercept?.(request, response)) void serveRuntimeApi(request, response, api);
    },
  );
  server.on('clientError', answerClientErrors());
  // Before the container, which may take a minute to start: a port in use is known at once.
  const port = await listen(server, options.port ?? 8080);
  const container = new ContainerProcess(containerOptions(options));
  void container.exited.then(() => (backend.state = 'ended'));

  const shut = async (): Promise<ContainerExit> => {
    const idle = new Promise((resolve) => server.close(resolve));
    await asynchronous?.queue.close();
    const exit = await container.stop();
    // Calls in flight have their answers, or will have none: the container has ended.
    const timer = setTimeout(() => server.closeAllConnections(), FLUSH_MS);
    server.closeIdleConnections();
    await idle;
    clearTimeout(timer);
    await asynchronous?.store.close();
    return exit;
  };
  let closed: Promise<ContainerExit> | undefined;
  const close = (): Promise<ContainerExit> => (closed ??= shut());
  try {
    await container.ready();
  } catch (error) {
    await close();
    throw error;
  }
  backend.port = container.port;
  backend.state = 'ready';
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    containerUrl: `http://127.0.0.1:${container.port}`,
    exited: container.exited,
    close,
  };
}

function asyncEndpoint(port: () => number, errorBytes: number): RuntimeApiOptions['asynchronous'] {
  const store = new LocalObjectStore();
  return { store, queue: new AsyncQueue({ store, port, concurrency: CONCURRENT_INVOCATIONS, errorBytes }) };
}

function containerOptions(options: LocalEndpointOptions): ContainerOptions {
  const { containerEntry, modelDirectory, log, startTimeoutMs } = options;
  return {
    ...(containerEntry !== undefined && { entry: containerEntry }),
    ...(modelDirectory !== undefined && { modelDirectory }),
    ...(log !== undefined && { log }),
    ...(startTimeoutMs !== undefined && { startTimeoutMs }),
  };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    const message = `cannot listen on 127.0.0.1:${port}: ${systemReason(cause)}; port 0 is any that is free`;
    throw new LocalEndpointError('listen_failed', message, { cause });
  }
  return (server.address() as AddressInfo).port;
}
