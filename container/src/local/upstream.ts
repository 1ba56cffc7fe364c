import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline, type Readable } from 'node:stream';
import { modelError, noResponse, serviceUnavailable } from './aws-error.js';
import type { Invocation } from './invocation.js';

// No keep-alive: a connection the container just closed would look like a crash.
const agent = new Agent({ keepAlive: false });

/** A request's body: at hand, or to be read. */
export type ContainerBody = Buffer | { readonly bytes: number; readonly content: Readable };

/**
 * Sends `POST /invocations` to the container and resolves with the head of its answer.
 * @param signal ends the exchange, whether it waits for the head or for the body
 * @throws AwsError ModelError with original status 0, when the container gives no answer; the signal's reason.
 */
export function invokeContainer(
  port: number,
  invocation: Pick<Invocation, 'endpointName' | 'headers'>,
  body: ContainerBody,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      agent,
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/invocations',
      headers: { ...invocation.headers, 'content-length': 'content' in body ? body.bytes : body.length },
      signal,
    });
    // Also after the head: a connection cut then is an error here as well as on the answer.
    request.on('error', () =>
      reject(signal.aborted ? (signal.reason as Error) : noResponse(invocation.endpointName)),
    );
    request.on('response', resolve);
    // What goes wrong on the way to the container is an error of the request, too.
    if ('content' in body) pipeline(body.content, request, () => undefined);
    else request.end(body);
  });
}

/**
 * The whole body of the container's answer.
 * @throws AwsError ModelError when it breaks off or is over the limit; the signal's reason.
 */
export async function readAnswer(
  answer: IncomingMessage,
  endpointName: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limitBytes) break;
      chunks.push(chunk);
    }
  } catch {
    if (signal.aborted) throw signal.reason;
    throw modelError(endpointName, answer.statusCode ?? 0, undefined);
  }
  if (bytes > limitBytes) throw modelError(endpointName, answer.statusCode ?? 0, undefined);
  return Buffer.concat(chunks);
}

/** @throws AwsError ModelError when the container answered with an error, or a redirect, that it must not. */
export async function checkAnswer(
  answer: IncomingMessage,
  endpointName: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return;
  const body = await readAnswer(answer, endpointName, limitBytes, signal);
  throw modelError(endpointName, status, body.toString('utf8'));
}

/** Of each connection its own, not of the exchange. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/**
 * Hands a request on to the container as it is, and its answer back.
 * @throws AwsError ServiceUnavailable while the container does not answer.
 */
export function passOn(request: IncomingMessage, response: ServerResponse, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const { method, url: path, headers } = request;
    const upstream = httpRequest({ agent, host: '127.0.0.1', port, method, path, headers });
    response.once('close', () => {
      upstream.destroy();
      resolve();
    });
    upstream.on('error', () => {
      if (response.headersSent) response.destroy();
      else reject(serviceUnavailable('The container does not answer.'));
    });
    upstream.on('response', (answer) => {
      const own = Object.entries(answer.headers).filter(([name]) => !CONNECTION_HEADERS.has(name));
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(own));
      pipeline(answer, response, () => undefined);
    });
    pipeline(request, upstream, () => undefined);
  });
}
