import { loadAwsServiceSpec } from '@aws-cdk/aws-service-spec';
import type { Deployment } from './deployment.js';

type Database = Awaited<ReturnType<typeof loadAwsServiceSpec>>;

/** A type as CloudFormation's schemas have it. */
interface Type {
  readonly type: string;
  readonly element?: Type;
  readonly types?: readonly Type[];
  readonly reference?: { readonly $ref: string };
  readonly allowedValues?: readonly (string | number)[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}
interface Property {
  readonly type: Type;
  readonly previousTypes?: readonly Type[];
  readonly required?: boolean;
}
type Properties = Readonly<Record<string, Property>>;

/** CloudFormation's own schemas, as they travel with the CDK. */
export class Schemas {
  static async load(): Promise<Schemas> {
    return new Schemas(await loadAwsServiceSpec());
  }

  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  /** What of a template CloudFormation would refuse by its schemas, as `LogicalId.Property: why`. */
  faults({ resources }: Deployment): string[] {
    return Object.entries(resources).flatMap(([id, { Type, Properties = {} }]) => {
      if (Type.startsWith('Custom::') || Type === 'AWS::CDK::Metadata') return [];
      const [resource] = [...this.#database.lookup('resource', 'cloudFormationType', 'equals', Type)];
      if (!resource) return [`${id}: no such type ${Type}`];
      return this.#object(id, resource.properties as unknown as Properties, Properties);
    });
  }

  #object(path: string, schema: Properties, value: Record<string, unknown>): string[] {
    const unknown = Object.keys(value).filter((name) => !(name in schema));
    const missing = Object.keys(schema).filter(
      (name) => schema[name]!.required === true && value[name] === undefined,
    );
    return [
      ...unknown.map((name) => `${path}.${name}: no such property`),
      ...missing.map((name) => `${path}.${name}: missing`),
      ...Object.entries(value).flatMap(([name, inner]) =>
        schema[name] && inner !== undefined ? this.#any(`${path}.${name}`, schema[name], inner) : [],
      ),
    ];
  }

  /** A value fits a property when it fits its type, or one that it had before. */
  #any(path: string, { type, previousTypes = [] }: Property, value: unknown): string[] {
    const faults = [type, ...previousTypes].map((each) => this.#value(path, each, value));
    return faults.some((found) => found.length === 0) ? [] : faults[0]!;
  }

  #value(path: string, type: Type, value: unknown): string[] {
    if (isIntrinsic(value)) return [];
    const wrong = (what: string) => [`${path}: ${JSON.stringify(value)?.slice(0, 80)} is ${what}`];
    switch (type.type) {
      case 'string': {
        if (!['string', 'number', 'boolean'].includes(typeof value)) return wrong('no string');
        const text = String(value);
        if (type.allowedValues && !type.allowedValues.map(String).includes(text)) return wrong('not allowed');
        if (text.length < (type.minLength ?? 0) || text.length > (type.maxLength ?? Infinity))
          return wrong('too short or long');
        return type.pattern === undefined || matches(type.pattern, text)
          ? []
          : wrong(`not like ${type.pattern}`);
      }
      case 'integer':
      case 'number': {
        const number = Number(value);
        if (Number.isNaN(number) || (type.type === 'integer' && !Number.isInteger(number)))
          return wrong('no number');
        if (number < (type.minimum ?? -Infinity) || number > (type.maximum ?? Infinity))
          return wrong('out of range');
        return type.allowedValues && !type.allowedValues.map(Number).includes(number)
          ? wrong('not allowed')
          : [];
      }
      case 'boolean':
        return typeof value === 'boolean' || value === 'true' || value === 'false' ? [] : wrong('no boolean');
      case 'array':
        if (!Array.isArray(value)) return wrong('no list');
        return value.flatMap((each, i) => this.#value(`${path}[${i}]`, type.element!, each));
      case 'map':
        if (typeof value !== 'object' || value === null) return wrong('no map');
        return Object.entries(value).flatMap(([name, each]) =>
          this.#value(`${path}.${name}`, type.element!, each),
        );
      case 'ref': {
        if (typeof value !== 'object' || value === null) return wrong('no object');
        const definition = this.#database.get('typeDefinition', type.reference!.$ref);
        return this.#object(
          path,
          definition.properties as unknown as Properties,
          value as Record<string, unknown>,
        );
      }
      case 'union': {
        const faults = type.types!.map((each) => this.#value(path, each, value));
        return faults.some((found) => found.length === 0) ? [] : faults[0]!;
      }
      // json, date-time, tag and whatever has no form of its own.
      default:
        return [];
    }
  }
}

/** A schema's pattern is for another engine; one that this engine does not read says nothing. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
}

function isIntrinsic(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const [name, ...more] = Object.keys(value);
  return more.length === 0 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'));
}
