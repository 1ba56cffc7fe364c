import { type IncomingMessage, type ServerResponse, request as httpRequest } from 'node:http';
import { pipeline } from 'node:stream';
import { json as readJson } from 'node:stream/consumers';
import { explain, type ModelDescription } from '@sagemaker-reranker/models';
import { demoPassages, demoQuestions } from '../demo/questions.js';
import { type CostQuestion, costOf } from './cost.js';
import { sendFile } from './files.js';
import { sendJson } from './send.js';
import { TokenCounter, type TextsToCount } from './tokens.js';

/** A model that the page ranks with: its container, and what is known of it. */
export interface ServedModel {
  readonly name: string;
  readonly directory: string;
  readonly containerUrl: string;
  readonly description: ModelDescription & { readonly variant?: string };
}

// The page is for the person at this machine: a name that some site lets point here is not answered.
const LOOPBACK = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
const MOST_BYTES = 64 * 1024 * 1024;
const CONTAINER = /^\/playground\/models\/(\d+)\/(.+)$/;

/**
 * The playground: the page at `/` and what it asks for below `/playground/`. Every other request is left to the API.
 * @param models read at each request: they may be added while they start
 * @returns a handler as `startLocalEndpoint` takes one
 */
export function playground(
  models: readonly ServedModel[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const counters = new Map<ServedModel, TokenCounter>();
  const counterOf = (model: ServedModel): TokenCounter => {
    const counter = counters.get(model) ?? new TokenCounter(model.directory, model.description);
    counters.set(model, counter);
    return counter;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const [, at, rest = ''] = CONTAINER.exec(path) ?? [];
    const model = models[Number(at)];
    if (model && rest === 'tokens') {
      sendJson(response, 200, await counterOf(model).count((await bodyOf(request)) as TextsToCount));
      return;
    }
    if (model) return forward(request, response, new URL(rest, `${model.containerUrl}/`));
    if (path === '/playground/models') {
      sendJson(
        response,
        200,
        models.map(({ name, description }) => summary(name, description)),
      );
      return;
    }
    if (path === '/playground/sample') {
      sendJson(response, 200, { passages: demoPassages(), questions: demoQuestions() });
      return;
    }
    if (path === '/playground/cost' && request.method === 'POST') {
      sendJson(response, 200, costOf((await bodyOf(request)) as CostQuestion));
      return;
    }
    return sendFile(request, response, path);
  };
  return (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (pathname !== '/' && pathname !== '/playground' && !pathname.startsWith('/playground/')) return false;
    if (!LOOPBACK.test(request.headers.host ?? '')) {
      sendJson(response, 403, {
        error: { code: 'forbidden', message: 'the playground answers to 127.0.0.1 only', details: {} },
      });
      return true;
    }
    answer(request, response, pathname).catch((error: unknown) => {
      sendJson(response, 400, {
        error: { code: 'playground', message: explain(error).split('\n')[0]!, details: {} },
      });
    });
    return true;
  };
}

function summary(
  name: string,
  { architecture, max_length, precision, parameters, variant }: ServedModel['description'],
): object {
  return { name, layers: architecture.layers, maxTokens: max_length, precision, parameters, variant };
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? Infinity) > MOST_BYTES) {
    throw new RangeError(`a body has a stated length of at most ${MOST_BYTES} bytes here`);
  }
  return readJson(request);
}

/** To the container and back as it comes, so that a stream is one. */
function forward(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    // The container sees a request of its own; what belongs to the browser's connection stays here.
    const headers = { ...request.headers };
    delete headers.connection;
    const upstream = httpRequest(
      url,
      { method: request.method, headers: { ...headers, host: url.host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        pipeline(answer, response, () => resolve());
      },
    );
    upstream.on('error', reject);
    response.once('close', () => upstream.destroy());
    pipeline(request, upstream, () => undefined);
  });
}
