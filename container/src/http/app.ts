import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { CODECS, detectFormat, jina, NATIVE_PATHS, nativeFormat } from '../codec/index.js';
import { RequestError } from '../errors.js';
import type { LoadedModels } from '../loaded-models.js';
import { batch } from './batch.js';
import { bodyReader } from './bodies.js';
import { identify, stateOf, unavailable, type AppContext } from './context.js';
import { errorHandler, refuseMethod } from './errors.js';
import { executionParameters } from './execution-parameters.js';
import { modelRoutes } from './models.js';
import { MEDIA_TYPES, readContentType } from './negotiate.js';
import { openApi, type DescribedRoute } from './openapi.js';
import { rerank, type RerankRoute } from './rerank.js';

const READ_ONLY: Readonly<Record<string, string>> = {
  '/ping': 'Whether the container can answer.',
  '/execution-parameters': 'How batch transform calls the container best.',
  '/metrics': 'Metrics in the text format of Prometheus.',
  '/openapi.json': 'This document.',
};

const ROUTES: Readonly<Record<string, RerankRoute>> = {
  '/invocations': { formatOf: (fields) => detectFormat(fields) ?? jina, native: false },
  ...Object.fromEntries(
    NATIVE_PATHS.map((path) => [path, { formatOf: (fields) => nativeFormat(path, fields), native: true }]),
  ),
};

/** The HTTP contract of a SageMaker container, and the routes of the systems whose formats it speaks. */
export function createApp(context: AppContext): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(identify(context));

  app.get('/ping', (_req, res) => {
    const healthy = context.models !== undefined || context.engine()?.healthy;
    if (!healthy || context.draining()) throw unavailable(context);
    res.json({ status: 'ok' });
  });
  app.get('/execution-parameters', (_req, res) => {
    res.json(executionParameters(context.settings));
  });
  app.get('/metrics', async (_req, res) => {
    res.set('Content-Type', context.metrics.contentType).send(await context.metrics.render());
  });
  const routes = describe(context);
  app.get('/openapi.json', (_req, res) => {
    res.json(openApi(routes));
  });
  for (const path of Object.keys(READ_ONLY)) app.all(path, refuseMethod('GET, HEAD'));

  const readBody = bodyReader(context.settings);
  const answer = (path: string, route: RerankRoute, find: RequestHandler): void => {
    app.use(path, context.metrics.countAnswers(path));
    app.post(path, negotiate(route), find, readBody, (req: Request, res: Response) =>
      stateOf(res).contentType.medium === 'json'
        ? rerank(context, route, req, res)
        : batch(context, req, res),
    );
    app.all(path, refuseMethod('POST'));
  };
  if (context.models === undefined) {
    for (const [path, route] of Object.entries(ROUTES)) answer(path, route, useEngine(context));
  } else {
    answer('/models/:name/invoke', ROUTES['/invocations']!, leaseModel(context, context.models));
    app.use('/models', refuseDraining(context), modelRoutes(context.models, readBody));
  }
  app.use((req) => {
    throw new RequestError('not_found', `there is no ${req.path.slice(0, 200)}`, {
      routes: routes.map(({ path }) => path),
    });
  });
  app.use(errorHandler(context));
  return app;
}

/** All routes there are, for the document and for whoever asks for another. */
function describe(context: AppContext): DescribedRoute[] {
  const reading = Object.entries(READ_ONLY).map(([path, summary]): DescribedRoute => ({
    path,
    methods: ['get'],
    summary,
  }));
  if (context.models !== undefined) {
    return [
      ...reading,
      { path: '/models', methods: ['get', 'post'], summary: 'Lists the loaded models, or loads one.' },
      { path: '/models/{name}', methods: ['get', 'delete'], summary: 'A loaded model; DELETE unloads it.' },
      { path: '/models/{name}/invoke', methods: ['post'], summary: 'Reranks with a model.', reranks: ANY },
    ];
  }
  const ranking = Object.entries(ROUTES).map(([path, { native }]): DescribedRoute => ({
    path,
    methods: ['post'],
    ...(native
      ? inFormatOf(path)
      : { summary: 'Reranks documents for a query, in any format.', reranks: ANY }),
  }));
  return [...reading, ...ranking];
}

const ANY: DescribedRoute['reranks'] = { formats: CODECS, media: 'all' };

/** What is said of an owner's route. */
function inFormatOf(path: string): Pick<DescribedRoute, 'summary' | 'reranks'> {
  const formats = CODECS.filter(({ routes }) => routes?.[path] !== undefined);
  const named = formats.map(({ name }) => name).join(' or ');
  return {
    summary: `Reranks documents for a query, in the format ${named}.`,
    reranks: { formats, media: 'single' },
  };
}

/** Reads the content type, and settles in which format errors are told. */
function negotiate(route: RerankRoute): RequestHandler {
  return (req, res, next) => {
    const state = stateOf(res);
    if (route.native) state.errorFormat = route.formatOf({});
    state.contentType = readContentType(req, route.native ? MEDIA_TYPES.single : MEDIA_TYPES.all);
    state.errorFormat = state.contentType.format ?? state.errorFormat;
    next();
  };
}

function useEngine(context: AppContext): RequestHandler {
  return (_req, res, next) => {
    const engine = context.engine();
    if (!engine?.healthy || context.draining()) throw unavailable(context);
    stateOf(res).engine = engine;
    next();
  };
}

/** Holds the model named in the path until the answer is sent. */
function leaseModel(context: AppContext, models: LoadedModels): RequestHandler {
  return (req, res, next) => {
    if (context.draining()) throw unavailable(context);
    const { engine, release } = models.lease(req.params.name as string);
    stateOf(res).engine = engine;
    res.once('close', release);
    next();
  };
}

function refuseDraining(context: AppContext): RequestHandler {
  return (_req, _res, next) => {
    if (context.draining()) throw unavailable(context);
    next();
  };
}
