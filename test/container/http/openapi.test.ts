import { ERRORS } from '@sagemaker-reranker/container';
import { CODECS, schemaOf } from '../../../container/src/codec/index.js';
import { encoded, faultPath, outcome } from '../support/codec.js';
import { removeModels, smallModel } from '../support/model.js';
import { spawnContainer, startContainer, stopContainers, type ContainerProcess } from '../support/process.js';

interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly example?: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: {
    readonly schemas: {
      readonly Error: { properties: { error: { properties: { code: { enum: string[] } } } } };
    };
  };
}

let container: ContainerProcess;

beforeAll(async () => {
  container = await startContainer(await smallModel());
});

afterAll(async () => {
  await stopContainers();
  await removeModels();
});

const get = (on: ContainerProcess, path: string) => on.send(path, { method: 'GET', headers: {} });
const formats = CODECS.map((codec) => [codec.name, codec] as const);

/** Where a value departs from a schema: a required field missing, a field unknown, another type. */
function departures(value: unknown, schema: Schema, path = ''): string[] {
  if (schema.oneOf !== undefined) {
    const each = schema.oneOf.map((one) => departures(value, one, path));
    return each.some((found) => found.length === 0) ? [] : each.flat();
  }
  if (schema.type === 'array') {
    if (!Array.isArray(value)) return [`${path} is no array`];
    return value.flatMap((item, i) => departures(item, schema.items!, `${path}[${i}]`));
  }
  if (schema.type === 'object' && schema.properties !== undefined) {
    const fields = value as Readonly<Record<string, unknown>>;
    const missing = (schema.required ?? []).filter((name) => fields[name] === undefined);
    return [
      ...missing.map((name) => `${path}.${name} is missing`),
      ...Object.entries(fields).flatMap(([name, field]) => {
        const known = schema.properties![name];
        return known === undefined
          ? [`${path}.${name} is unknown`]
          : departures(field, known, `${path}.${name}`);
      }),
    ];
  }
  const kind = schema.type === 'integer' ? 'number' : (schema.type ?? typeof value);
  return typeof value === kind ? [] : [`${path} is no ${kind}`];
}

describe('/openapi.json', () => {
  it('has every route with its methods, and no other', async () => {
    const { paths } = (await get(container, '/openapi.json')).json as unknown as Document;
    const unknown = (await get(container, '/none')).json as { error: { details: { routes: string[] } } };
    expect(Object.keys(paths)).toEqual(unknown.error.details.routes);
    for (const [path, item] of Object.entries(paths)) {
      const { allow } = (await container.send(path, { method: 'PATCH' })).headers;
      const allowed = (allow as string).toLowerCase().split(', ');
      expect(Object.keys(item)).toEqual(allowed.filter((method) => method !== 'head'));
    }
  });

  it('has the routes of a multi-model endpoint in its place', async () => {
    const multi = spawnContainer(['serve', '--port', '0'], { SAGEMAKER_MULTI_MODEL: 'true' });
    await multi.logged('ready');
    const { paths } = (await get(multi, '/openapi.json')).json as unknown as Document;
    for (const [path, item] of Object.entries(paths)) {
      const { allow } = (await multi.send(path.replace('{name}', 'x'), { method: 'PATCH' })).headers;
      const methods = Object.keys(item).filter((key) => key !== 'parameters');
      expect(methods).toEqual(
        (allow as string)
          .toLowerCase()
          .split(', ')
          .filter((method) => method !== 'head'),
      );
    }
    expect(Object.keys(paths)).toContain('/models/{name}/invoke');
  });

  it('lists every code of an error', async () => {
    const { components } = (await get(container, '/openapi.json')).json as unknown as Document;
    expect(components.schemas.Error.properties.error.properties.code.enum).toEqual(Object.keys(ERRORS));
  });
});

describe('the schemas of a format', () => {
  it.each(formats)('%s: the example is read, and answered as the schema says', (_name, codec) => {
    const request = codec.decode(codec.example, { maxDocuments: 10 });
    const full = { ...request, returnDocuments: true, topN: undefined };
    const logits = request.documents.map((_, index) => index);
    const answer = encoded(codec, full, outcome(...logits));
    expect(departures(answer, codec.answer as Schema)).toEqual([]);
  });

  it.each(formats)('%s: what is required must be there, and what is typed is checked', (_name, codec) => {
    const { required, properties, example } = schemaOf(codec.request, codec.example) as Schema;
    for (const field of required!) {
      expect(faultPath(codec, { ...example, [field]: undefined })).toMatch(new RegExp(`^${field}`));
    }
    for (const [field, { type }] of Object.entries(properties!)) {
      if (type !== 'integer' && type !== 'boolean') continue;
      expect(faultPath(codec, { ...example, [field]: 'x' })).toBe(field);
    }
  });
});
