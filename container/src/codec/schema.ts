import { isBlank } from '../engine/index.js';
import { RequestError } from '../errors.js';
import { Faults, kindOf } from './faults.js';
import { isObject, type Fields } from './text.js';

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** What reading a request depends on besides the request. */
export interface CodecLimits {
  readonly maxDocuments: number;
  /** How the model's publisher makes a score of the logit: formats of servers that do as the model says follow it. */
  readonly activation?: 'sigmoid' | 'identity';
}

export interface Reading {
  readonly faults: Faults;
  readonly limits: CodecLimits;
}

/** One field of a request: how it is read, and what the OpenAPI document says of it. An absent field reads as null does. */
export interface Field<T> {
  readonly schema: Schema;
  readonly required?: true;
  read(value: unknown, path: string, reading: Reading): T;
}

export type Shape = Readonly<Record<string, Field<unknown>>>;
export type Values<S extends Shape> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** Reads the fields of a shape; others are left alone. `prefix` leads the paths of faults. */
export function readShape<S extends Shape>(
  shape: S,
  fields: Fields,
  reading: Reading,
  prefix = '',
): Values<S> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(shape)) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    values[name] = field.read(value, `${prefix}${name}`, reading);
  }
  return values as Values<S>;
}

export function schemaOf(shape: Shape, example?: unknown): Schema {
  return {
    type: 'object',
    required: Object.keys(shape).filter((name) => shape[name]!.required),
    properties: Object.fromEntries(Object.entries(shape).map(([name, { schema }]) => [name, schema])),
    ...(example !== undefined && { example }),
  };
}

/** The schema of an answer's object whose fields are all there, but for those named as optional. */
export function answerOf(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties };
}

export const STRING: Schema = { type: 'string' };
export const NUMBER: Schema = { type: 'number' };
export const INTEGER: Schema = { type: 'integer', minimum: 0 };
export const listOf = (items: Schema): Schema => ({ type: 'array', items });

const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;
const TEXT_SCHEMA = {
  oneOf: [STRING, { type: 'object', required: ['text'], properties: { text: STRING } }],
};

export function described<T>(field: Field<T>, description: string): Field<T> {
  return { ...field, schema: { ...field.schema, description } };
}

/** A text given as a string or as `{ text }`. */
export const text: Field<string> = {
  schema: TEXT_SCHEMA,
  required: true,
  read(value, path, { faults }) {
    if (typeof value === 'string') return value;
    if (isObject(value)) {
      const inner = Object.hasOwn(value, 'text') ? value.text : undefined;
      if (typeof inner === 'string') return inner;
      faults.add(`${path}.text`, `is ${kindOf(inner)}; it must be a string`);
      return '';
    }
    faults.add(path, `is ${kindOf(value)}; it must be a string or an object with a string "text"`);
    return '';
  },
};

export const string: Field<string> = {
  schema: STRING,
  required: true,
  read(value, path, { faults }) {
    if (typeof value === 'string') return value;
    faults.add(path, `is ${kindOf(value)}; it must be a string`);
    return '';
  },
};

/** A query: a text that is not blank. */
export function queryText(inner: Field<string> = text): Field<string> {
  return {
    ...inner,
    read(value, path, reading) {
      const query = inner.read(value, path, reading);
      const given = typeof value === 'string' || (isObject(value) && typeof value.text === 'string');
      if (given && isBlank(query)) reading.faults.addEmpty(path, 'text');
      return query;
    },
  };
}

/**
 * A list of at least one entry and at most as many as documents are allowed.
 * Its reader throws RequestError `too_many_documents` before it looks at any of them.
 */
export function list<T>(item: Field<T>, what = 'at least one document'): Field<T[]> {
  return {
    schema: { type: 'array', minItems: 1, items: item.schema },
    required: true,
    read(value, path, reading) {
      if (!Array.isArray(value)) {
        reading.faults.add(path, `is ${kindOf(value)}; it must be an array`);
        return [];
      }
      const { maxDocuments } = reading.limits;
      if (value.length === 0) reading.faults.addEmpty(path, what);
      if (value.length > maxDocuments) {
        throw new RequestError(
          'too_many_documents',
          `${path} holds ${value.length}; at most ${maxDocuments} are allowed`,
          { path, given: value.length, limit: maxDocuments },
        );
      }
      return value.map((each, index) => item.read(each, `${path}[${index}]`, reading));
    },
  };
}

export const documents = list(text);

/** A text alone, or a list of them. */
export function oneOrMany(item: Field<string>): Field<string[]> {
  const many = list(item, 'at least one text');
  return {
    schema: { oneOf: [item.schema, many.schema] },
    required: true,
    read: (value, path, reading) =>
      Array.isArray(value) ? many.read(value, path, reading) : [item.read(value, path, reading)],
  };
}

export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    schema: field.schema,
    read: (value, path, reading) => (isAbsent(value) ? undefined : field.read(value, path, reading)),
  };
}

export function flag(fallback: boolean): Field<boolean> {
  return {
    schema: { type: 'boolean', default: fallback },
    read(value, path, { faults }) {
      if (isAbsent(value)) return fallback;
      if (typeof value === 'boolean') return value;
      faults.add(path, `is ${kindOf(value)}; it must be true or false`);
      return fallback;
    },
  };
}

/** A whole number of at least `least`; undefined where absent. */
export function count(least = 1): Field<number | undefined> {
  return {
    schema: { type: 'integer', minimum: least },
    read(value, path, { faults }) {
      if (isAbsent(value)) return undefined;
      if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
      const given = typeof value === 'number' ? String(value) : kindOf(value);
      faults.add(path, `is ${given}; it must be a whole number of at least ${least}`);
      return undefined;
    },
  };
}

/** One of a few words; the first where absent. */
export function choice<T extends string>(...choices: readonly [T, ...T[]]): Field<T> {
  return {
    schema: { enum: choices, default: choices[0] },
    read(value, path, { faults }) {
      if (isAbsent(value)) return choices[0];
      const found = choices.find((each) => each === value);
      if (found !== undefined) return found;
      // The value itself is the caller's text and stays out of the answer.
      const given = typeof value === 'string' ? 'none of them' : kindOf(value);
      faults.add(path, `is ${given}; it must be one of ${choices.join(', ')}`);
      return choices[0];
    },
  };
}

/** An object of its own shape. Where it may be absent, it is read as an empty one. */
export function object<S extends Shape>(shape: S, presence: 'required' | 'optional'): Field<Values<S>> {
  return {
    schema: schemaOf(shape),
    ...(presence === 'required' && { required: true }),
    read(value, path, reading) {
      if (isObject(value)) return readShape(shape, value, reading, `${path}.`);
      if (!isAbsent(value) || presence === 'required') {
        reading.faults.add(path, `is ${kindOf(value)}; it must be an object`);
        return readShape(shape, {}, { ...reading, faults: new Faults() });
      }
      return readShape(shape, {}, reading, `${path}.`);
    },
  };
}

/** Fields that are read together with those of an inner object; here they only have their names and schemas. */
export function elsewhere<S extends Shape>(shape: S): { readonly [K in keyof S]: Field<unknown> } {
  const fields = Object.entries(shape).map(([name, { schema }]) => [name, anything(schema)]);
  return Object.fromEntries(fields) as { readonly [K in keyof S]: Field<unknown> };
}

/** The fields of an object that may be absent; anything but an object is a fault. */
export function fieldsOf(value: unknown, path: string, { faults }: Reading): Fields {
  if (isObject(value)) return value;
  if (!isAbsent(value)) faults.add(path, `is ${kindOf(value)}; it must be an object`);
  return {};
}

/** What is read elsewhere, or only carried: anything, checked by nobody. */
export function anything(schema: Schema): Field<unknown> {
  return { schema, read: (value) => value };
}
