import type { HostingMode } from '@sagemaker-reranker/infra';

/** A resource of a template. */
export interface CfnResource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}
/** What is looked up without knowing its shape: rules read templates as AWS does, by names. */
export type Json = Record<string, unknown>;

/** Types with disks of their own, which their hardware encrypts: a `d` behind the generation. */
export const LOCAL_DISKS = /^ml\.[a-z]+\d+[a-z]*d[a-z]*\./;

/** A synthesized stack, and what it was asked for. */
export interface Deployment {
  readonly label: string;
  readonly mode: HostingMode;
  readonly region?: string;
  readonly ownKey: boolean;
  readonly isolated: boolean;
  /** Zones that were asked for. */
  readonly zones: readonly string[];
  readonly reservedConcurrency?: number;
  /** A bucket that is not the stack's, and the customer key that its objects lie under. */
  readonly imported?: { readonly bucket: string; readonly key: string };
  readonly resources: Record<string, CfnResource>;
  readonly outputs: Record<string, unknown>;
  /** Docker images to be built, as the CDK's asset manifest has them. */
  readonly dockerImages: readonly Json[];
}

/** What AWS asks for, and a template that would not keep it. */
export interface Rule {
  readonly id: string;
  /** The page of AWS that says so. */
  readonly page: string;
  /** What happens without it. */
  readonly breaks: string;
  /** What is wrong, one line each. */
  readonly check: (deployment: Deployment) => string[];
  /** Makes a template wrong, where it can be: false where the template has nothing of the kind. */
  readonly violate: (deployment: Deployment) => boolean;
}

/** Resources of a type, with their logical ids. */
export function ofType({ resources }: Deployment, type: string): [string, CfnResource][] {
  return Object.entries(resources).filter(([, { Type }]) => Type === type);
}

/** A value below an object, by names: `at(resource, 'Properties', 'VpcConfig')`. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string | number, unknown>)[name]
        : undefined,
    value,
  );
}

export function list(value: unknown): unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

/** Text with its intrinsic functions flattened: their operands, joined. */
export function flat(value: unknown): string {
  if (Array.isArray(value)) return value.map(flat).join('');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(flat).join('');
}

/** Changes the first resource of a type for which `change` does something. */
export function changeFirst(
  deployment: Deployment,
  type: string,
  change: (properties: Json, resource: CfnResource) => boolean | undefined,
): boolean {
  return ofType(deployment, type).some(([, resource]) => change(resource.Properties, resource) ?? true);
}

/** Statement of a policy. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Json;
}

/** Statements that allow something to a role: inline and attached. */
export function statementsOf(deployment: Deployment, role: string): Statement[] {
  const inline = list(at(deployment.resources[role], 'Properties', 'Policies'));
  const attached = ofType(deployment, 'AWS::IAM::Policy')
    .map(([, { Properties }]) => Properties)
    .filter(({ Roles }) => list(Roles).some((each) => each === role || at(each, 'Ref') === role));
  return [...inline, ...attached].flatMap(
    (policy) => list(at(policy, 'PolicyDocument', 'Statement')) as Statement[],
  );
}

/** Whether statements allow an action on a resource whose flattened ARN holds the text. */
export function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  return statements.some(
    (statement) =>
      statement.Effect === 'Allow' &&
      list(statement.Action).includes(action) &&
      list(statement.Resource).some((arn) => flat(arn).includes(resource)),
  );
}

/** All roles that are given something: the stack's by their logical ids, imported ones by their names. */
export function allRoles(deployment: Deployment): string[] {
  const named = ofType(deployment, 'AWS::IAM::Policy').flatMap(([, { Properties }]) =>
    list(Properties.Roles).filter((role) => typeof role === 'string'),
  );
  return [...ofType(deployment, 'AWS::IAM::Role').map(([id]) => id), ...new Set(named)];
}

/** Roles that SageMaker takes, made by the stack. */
export function executionRoles(deployment: Deployment): [string, CfnResource][] {
  return ofType(deployment, 'AWS::IAM::Role').filter(([, role]) =>
    JSON.stringify(at(role, 'Properties', 'AssumeRolePolicyDocument')).includes('"sagemaker.amazonaws.com"'),
  );
}

/** Role that the endpoint's models run with, where the stack made it. */
export function endpointRole(deployment: Deployment): string | undefined {
  const config = ofType(deployment, 'AWS::SageMaker::EndpointConfig')[0]?.[1];
  const model = at(config, 'Properties', 'ProductionVariants', 0, 'ModelName', 'Fn::GetAtt', 0);
  const holder = typeof model === 'string' ? deployment.resources[model] : config;
  const id = at(holder, 'Properties', 'ExecutionRoleArn', 'Fn::GetAtt', 0);
  return typeof id === 'string' ? id : undefined;
}

export function production(deployment: Deployment): Json[] {
  const config = ofType(deployment, 'AWS::SageMaker::EndpointConfig')[0]?.[1];
  return list(at(config, 'Properties', 'ProductionVariants')) as Json[];
}

export function shadows(deployment: Deployment): Json[] {
  const config = ofType(deployment, 'AWS::SageMaker::EndpointConfig')[0]?.[1];
  return list(at(config, 'Properties', 'ShadowProductionVariants')) as Json[];
}

/** A JSON document inside a template, with its references replaced by `?`: state machines, dashboards. */
export function inner(value: unknown): Json {
  const parts = list(at(value, 'Fn::Join', 1));
  const text =
    typeof value === 'string' ? value : parts.map((part) => (typeof part === 'string' ? part : '?')).join('');
  return JSON.parse(text) as Json;
}
