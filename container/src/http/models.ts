import { Router, type Request, type RequestHandler, type Response } from 'express';
import { parseObject, type Fields } from '../codec/index.js';
import { Faults, kindOf } from '../codec/faults.js';
import { RequestError } from '../errors.js';
import type { LoadedModel, LoadedModels } from '../loaded-models.js';
import { refuseMethod } from './errors.js';
import { bodyOf } from './rerank.js';

const PAGE = 100;

/** The `/models` API of SageMaker's multi-model endpoints, but for calling a model. */
export function modelRoutes(store: LoadedModels, readBody: RequestHandler): Router {
  const router = Router();
  router.get('/', (req, res) => {
    const { models, nextPageToken } = page(store.list(), req.query.next_page_token);
    res.json({ models: models.map(body), ...(nextPageToken !== undefined && { nextPageToken }) });
  });
  router.post('/', readBody, async (req: Request, res: Response) => {
    const { name, url } = readLoad(parseObject(bodyOf(req)));
    await store.load(name, url);
    res.json({ status: `model ${name} loaded` });
  });
  router.all('/', refuseMethod('GET, HEAD, POST'));
  router.get('/:name', (req, res) => {
    res.json(body(store.describe(req.params.name)));
  });
  router.delete('/:name', async (req, res) => {
    await store.unload(req.params.name);
    res.json({ status: `model ${req.params.name} unloaded` });
  });
  router.all('/:name', refuseMethod('GET, HEAD, DELETE'));
  return router;
}

function body({ name, url }: LoadedModel): object {
  return { modelName: name, modelUrl: url };
}

/** Pages are cut by position; a token is the position of the next. */
function page(
  models: readonly LoadedModel[],
  token: unknown,
): { models: LoadedModel[]; nextPageToken?: string } {
  const start = token === undefined ? 0 : Number(token);
  if (!Number.isSafeInteger(start) || start < 0) {
    throw new RequestError('invalid_request', 'next_page_token is not one of this list', {
      path: 'next_page_token',
    });
  }
  const end = start + PAGE;
  const rest = end < models.length ? { nextPageToken: String(end) } : {};
  return { models: models.slice(start, end), ...rest };
}

function readLoad(fields: Fields): { name: string; url: string } {
  const faults = new Faults();
  const text = (field: string): string => {
    const given = fields[field];
    if (typeof given === 'string' && given !== '') return given;
    faults.add(field, `is ${given === '' ? 'empty' : kindOf(given)}; it must be a string`);
    return '';
  };
  const read = { name: text('model_name'), url: text('url') };
  faults.throwIfAny();
  return read;
}
