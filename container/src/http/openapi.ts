import { CODECS, FORMATS, schemaOf, type Codec } from '../codec/index.js';
import { ERRORS, type ErrorCode } from '../errors.js';
import { MEDIA_TYPES } from './negotiate.js';

type Json = Readonly<Record<string, unknown>>;

/** A route of the container and what the document says of it. */
export interface DescribedRoute {
  readonly path: string;
  readonly methods: readonly ('get' | 'post' | 'delete')[];
  readonly summary: string;
  /** Of a body to rerank: the formats it may have, and whether it is only JSON. */
  readonly reranks?: { readonly formats: readonly Codec[]; readonly media: keyof typeof MEDIA_TYPES };
}

const reference = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const statuses = [...new Set(Object.values(ERRORS).map(({ status }) => status))].sort((a, b) => a - b);

/** The OpenAPI 3.1 document of these routes. */
export function openApi(routes: readonly DescribedRoute[]): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'sagemaker-reranker',
      version: '1',
      description:
        'Reranks documents for a query. On /invocations a body may have any of the formats, told by its shape or ' +
        `by the content type's parameter format (${[...FORMATS.keys()].join(', ')}).`,
    },
    paths: Object.fromEntries(routes.map((route) => [route.path, pathItem(route)])),
    components: {
      schemas: {
        ...Object.fromEntries(
          CODECS.flatMap(({ name, request, example, answer, error }) => [
            [`${name}-request`, schemaOf(request, example)],
            [`${name}-answer`, answer],
            [`${name}-error`, error],
          ]),
        ),
        Error: errorSchema(Object.keys(ERRORS) as ErrorCode[]),
      },
    },
  };
}

function pathItem(route: DescribedRoute): Json {
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const operation =
    route.reranks === undefined ? plain(route.summary) : reranking(route.summary, route.reranks);
  return {
    ...(parameters.length > 0 && { parameters }),
    ...Object.fromEntries(route.methods.map((method) => [method, operation])),
  };
}

function plain(summary: string): Json {
  return { summary, responses: { 200: { description: 'OK' }, ...errors() } };
}

function reranking(summary: string, { formats, media }: NonNullable<DescribedRoute['reranks']>): Json {
  const any = (part: string): Json[] => formats.map(({ name }) => reference(`${name}-${part}`));
  const anyOf = any('request');
  const content = Object.fromEntries(
    MEDIA_TYPES[media].map((type) => [
      type,
      type === 'application/json'
        ? { schema: { anyOf }, example: formats[0]!.example }
        : { schema: { type: 'string' } },
    ]),
  );
  return {
    summary,
    requestBody: { required: true, content },
    responses: {
      200: {
        description: 'The documents ranked, in the format of the request.',
        content: {
          'application/json': { schema: { anyOf: any('answer') } },
          'application/jsonlines': { schema: { type: 'string' } },
        },
      },
      ...errors({ anyOf: [reference('Error'), ...any('error')] }),
    },
  };
}

function errors(schema: Json = reference('Error')): Json {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: Object.entries(ERRORS)
          .filter(([, row]) => row.status === status)
          .map(([code, { meaning }]) => `${code}: ${meaning}`)
          .join(' '),
        content: { 'application/json': { schema } },
      },
    ]),
  );
}

function errorSchema(codes: readonly ErrorCode[]): Json {
  return {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'details'],
        properties: {
          code: { enum: codes },
          message: { type: 'string' },
          details: { type: 'object', properties: { retry_after: { type: 'integer', minimum: 1 } } },
        },
      },
    },
  };
}
