import { randomUUID } from 'node:crypto';
import { get, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import {
  AwsError,
  internalFailure,
  invocationTimedOut,
  noResponse,
  serviceUnavailable,
  validationError,
} from './aws-error.js';
import { readAsyncInvocation } from './async-invocation.js';
import type { AsyncQueue } from './async-queue.js';
import { NATIVE_PATHS } from '../codec/index.js';
import { hostFault } from '../http/client-errors.js';
import { modelStreamError, payloadPart } from './event-stream.js';
import { readBody, readInvocation, type Invocation } from './invocation.js';
import type { LocalObjectStore } from './object-store.js';
import { asksForObject, serveObject } from './s3-api.js';
import { checkAnswer, invokeContainer, passOn, readAnswer } from './upstream.js';

/** The container behind the API. */
export interface Backend {
  /** Its port on the loopback interface. */
  port: number;
  /** Where it is in its life: before its first healthy ping, after it, or ended. */
  state: 'starting' | 'ready' | 'ended';
}

/** What the API is in front of, and its limits. */
export interface RuntimeApiOptions {
  readonly backend: Readonly<Backend>;
  readonly payloadLimitBytes: number;
  /** Milliseconds the container gets for an answer, and for a streamed one. */
  readonly invocationTimeoutMs: number;
  readonly streamTimeoutMs: number;
  /** What makes the endpoint an asynchronous one: its queue, and the objects it works with. */
  readonly asynchronous?: { readonly queue: AsyncQueue; readonly store: LocalObjectStore };
}

type Operation = 'invocations' | 'invocations-response-stream' | 'async-invocations';

/** One request in hand. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly options: RuntimeApiOptions;
}

const ROUTE = /^\/endpoints\/([^/]*)\/(invocations|invocations-response-stream|async-invocations)$/;
/** Routes of the container that are no part of the API, so that clients of other systems can be pointed here too. */
const CONTAINER_PATHS: ReadonlySet<string> = new Set([
  ...NATIVE_PATHS,
  '/invocations',
  '/openapi.json',
  '/metrics',
  '/execution-parameters',
]);
const CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes';

/**
 * The SageMaker Runtime API (2017-05-13) in front of one container. Signatures are accepted unverified.
 * Never rejects: every failure is an answer in the shape AWS gives it.
 */
export async function serveRuntimeApi(
  request: IncomingMessage,
  response: ServerResponse,
  options: RuntimeApiOptions,
): Promise<void> {
  response.setHeader('x-amzn-RequestId', randomUUID());
  try {
    await route({ request, response, options });
  } catch (error) {
    sendError(response, error instanceof AwsError ? error : internalFailure());
  } finally {
    // A request refused by its headers alone: what is left of its body is thrown away.
    request.resume();
  }
}

async function route(exchange: Exchange): Promise<void> {
  const { request, response, options } = exchange;
  const fault = hostFault(request);
  if (fault !== undefined) throw validationError(fault);
  const [path = ''] = (request.url ?? '').split('?');
  const isPing = request.method === 'GET' && path === '/ping';
  // Until then its port is not known.
  if (options.backend.state === 'starting') {
    if (isPing) return void response.writeHead(503, { 'content-length': 0 }).end();
    throw serviceUnavailable('The container has not answered a healthy ping yet.');
  }
  if (isPing) return ping(response, options.backend.port);
  const { asynchronous } = options;
  if (asynchronous && asksForObject(request)) return serveObject(request, response, asynchronous.store);
  const [, encodedName = '', operation] = ROUTE.exec(path) ?? [];
  if (CONTAINER_PATHS.has(path)) return passOn(request, response, options.backend.port);
  if (request.method !== 'POST' || operation === undefined) {
    const served = asynchronous
      ? 'POST /endpoints/{name}/async-invocations, objects of S3 at /{bucket}/{key}'
      : 'POST /endpoints/{name}/invocations, POST /endpoints/{name}/invocations-response-stream';
    throw new AwsError(
      404,
      'UnknownOperationException',
      `There is no ${request.method} ${path} here; served are ${served}, GET /ping, and the container's own ${[...CONTAINER_PATHS].join(', ')}.`,
    );
  }
  const invocation = readInvocation(encodedName, request.headers);
  const { endpointName } = invocation;
  if (operation === 'async-invocations' && !asynchronous) {
    throw validationError(`Endpoint ${endpointName} is not an asynchronous endpoint`);
  }
  if (operation !== 'async-invocations' && asynchronous) {
    throw validationError(`Endpoint ${endpointName} is an asynchronous endpoint: use InvokeEndpointAsync`);
  }
  const body = await readBody(request, options.payloadLimitBytes);
  if (asynchronous) return submit(exchange, asynchronous.queue, encodedName, body);
  return invoke(exchange, invocation, body, operation as Operation);
}

async function submit(
  { request, response }: Exchange,
  queue: AsyncQueue,
  encodedName: string,
  body: Buffer,
): Promise<void> {
  const accepted = await queue.submit(readAsyncInvocation(encodedName, request.headers, body), body);
  const text = Buffer.from(JSON.stringify({ InferenceId: accepted.inferenceId }));
  response.writeHead(202, {
    'content-type': 'application/json',
    'content-length': text.length,
    'X-Amzn-SageMaker-OutputLocation': accepted.outputLocation,
    'X-Amzn-SageMaker-FailureLocation': accepted.failureLocation,
  });
  response.end(text);
}

async function invoke(
  { response, options }: Exchange,
  invocation: Invocation,
  body: Buffer,
  operation: Operation,
): Promise<void> {
  const { endpointName } = invocation;
  const { port, state } = options.backend;
  if (state === 'ended') throw noResponse(endpointName);

  const streaming = operation === 'invocations-response-stream';
  const controller = new AbortController();
  const limitMs = streaming ? options.streamTimeoutMs : options.invocationTimeoutMs;
  const timer = setTimeout(() => controller.abort(invocationTimedOut(endpointName)), limitMs);
  // The caller has gone, or has its answer.
  response.once('close', () => controller.abort(internalFailure()));
  try {
    const answer = await invokeContainer(port, invocation, body, controller.signal);
    await checkAnswer(answer, endpointName, options.payloadLimitBytes, controller.signal);
    const headers = answerHeaders(answer, invocation);
    if (streaming) await sendStream(response, answer, headers, controller.signal);
    else {
      const whole = await readAnswer(answer, endpointName, options.payloadLimitBytes, controller.signal);
      const contentType = answer.headers['content-type'];
      response.writeHead(200, {
        ...headers,
        ...(contentType !== undefined && { 'content-type': contentType }),
        'content-length': whole.length,
      });
      response.end(whole);
    }
  } finally {
    clearTimeout(timer);
  }
}

function answerHeaders(answer: IncomingMessage, invocation: Invocation): OutgoingHttpHeaders {
  const attributes = answer.headers[CUSTOM_ATTRIBUTES];
  return {
    'x-Amzn-Invoked-Production-Variant': invocation.variant,
    ...(attributes !== undefined && { 'X-Amzn-SageMaker-Custom-Attributes': attributes }),
  };
}

async function sendStream(
  response: ServerResponse,
  answer: IncomingMessage,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<void> {
  const contentType = answer.headers['content-type'];
  response.writeHead(200, {
    ...headers,
    'content-type': 'application/vnd.amazon.eventstream',
    ...(contentType !== undefined && { 'X-Amzn-SageMaker-Content-Type': contentType }),
  });
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      if (!response.write(payloadPart(chunk))) await drained(response, signal);
    }
  } catch {
    // The head is sent: what goes wrong now is an event in the stream.
    const timedOut = signal.aborted;
    const message = timedOut
      ? 'The model did not finish sending the response within the time allowed.'
      : 'The connection between the service and the model was closed.';
    response.write(modelStreamError(timedOut ? 'ModelInvocationTimeExceeded' : 'StreamBroken', message));
  }
  response.end();
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function ping(response: ServerResponse, port: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = (status: number): void => {
      response.writeHead(status, { 'content-length': 0 }).end();
      resolve();
    };
    const request = get(
      { host: '127.0.0.1', port, path: '/ping', agent: false, timeout: 2_000 },
      (answer) => {
        answer.resume();
        finish(answer.statusCode ?? 503);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => finish(503));
  });
}

function sendError(response: ServerResponse, error: AwsError): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { message, members, shape, status } = error;
  // Untyped answers carry the member in lower case, as the front of the service gives them.
  const body = shape === undefined ? { message } : { Message: message, ...members };
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': text.length,
    ...(shape !== undefined && { 'x-amzn-errortype': shape }),
  });
  response.end(text);
}
