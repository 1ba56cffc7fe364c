import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import {
  type EndpointSettings,
  type Hosting,
  RerankerEndpoint,
  type RerankerEndpointProps,
  RerankerImage,
  RerankerModel,
} from '@sagemaker-reranker/infra';
import { buildContext, modelDirectory, temporaryDirectory } from './fixtures.js';

/** An app whose assembly {@link removeFixtures} removes; without a place of its own it would stay in the system's. */
export function testApp(context: Record<string, unknown> = {}): App {
  return new App({ context, outdir: temporaryDirectory() });
}

/** A stack without account or region, as a machine without credentials makes it; its template is validated. */
export function emptyStack(): Stack {
  return new Stack(testApp({ '@aws-cdk/core:validateAgainstDefaultRules': true }), 'Test');
}

/** Props for a hosting: one model, or turbo and tiny where the mode serves several. */
export function propsFor(
  hosting: Hosting = { mode: 'real-time' },
  settings: EndpointSettings & { readonly model?: RerankerModel } = {},
): RerankerEndpointProps {
  const { model, ...rest } = settings;
  const common = { image: RerankerImage.fromAsset({ directory: buildContext() }), ...rest };
  const from = (variant: 'turbo' | 'tiny') => RerankerModel.fromDirectory(modelDirectory(variant));
  return hosting.mode === 'multi-model' || hosting.mode === 'inference-components'
    ? { ...common, hosting, models: [from('turbo'), from('tiny')] }
    : { ...common, hosting, model: model ?? from('tiny') };
}

/** A stack with one endpoint. */
export function endpointStack(
  hosting?: Hosting,
  settings?: EndpointSettings & { readonly model?: RerankerModel },
) {
  const stack = emptyStack();
  const endpoint = new RerankerEndpoint(stack, 'Reranker', propsFor(hosting, settings));
  let synthesized: Template | undefined;
  return { stack, endpoint, template: () => (synthesized ??= Template.fromStack(stack)) };
}

interface RoleResource {
  readonly Properties: {
    readonly Path?: string;
    readonly Policies?: { PolicyDocument: { Statement: Record<string, unknown>[] } }[];
  };
}

/** Statements of the execution role by Sid. */
export function roleStatements(template: Template): Map<string, Record<string, unknown>> {
  const roles = Object.values(template.findResources('AWS::IAM::Role')) as RoleResource[];
  const [role] = roles.filter(({ Properties }) => Properties.Path?.startsWith('/sagemaker-reranker/'));
  const statements = role!.Properties.Policies!.flatMap((policy) => policy.PolicyDocument.Statement);
  return new Map(statements.map((statement) => [String(statement.Sid), statement]));
}
