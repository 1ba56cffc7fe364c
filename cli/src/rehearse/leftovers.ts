import type { Aws } from './aws.js';
import { removeStack } from './context.js';
import type { RehearsalState } from './state.js';

/** What is still there of an environment, by name. */
export interface Leftover {
  readonly kind: 'model' | 'endpoint config' | 'role' | 'stack' | 'queue' | 'other';
  readonly name: string;
}

/** Removes all that a rehearsal made, and says what could not be removed. */
export async function removeAll(
  aws: Aws,
  state: RehearsalState,
  save: () => Promise<void>,
): Promise<string[]> {
  const failed: string[] = [];
  const attempt = async (what: string, remove: () => Promise<unknown>) => {
    try {
      await remove();
      return true;
    } catch (error) {
      failed.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  };
  for (const stack of [...state.stacks]) {
    if (await attempt(`stack ${stack}`, () => removeStack(aws, stack))) {
      state.stacks = state.stacks.filter((each) => each !== stack);
      await save();
    }
  }
  const { queueUrl } = state;
  if (
    queueUrl !== undefined &&
    (await attempt(`queue ${queueUrl}`, () => aws.find('sqs', 'delete-queue', '--queue-url', queueUrl)))
  ) {
    delete state.queueUrl;
    await save();
  }
  if (state.stacks.length > 0) return failed;
  // Generations that the stack has let go of, as the runbook prunes them.
  for (const { kind, name } of await leftovers(aws, state)) {
    const remove = {
      model: () => aws.call('sagemaker', 'delete-model', '--model-name', name),
      'endpoint config': () =>
        aws.call('sagemaker', 'delete-endpoint-config', '--endpoint-config-name', name),
      role: async () => {
        await aws.find('iam', 'delete-role-policy', '--role-name', name, '--policy-name', 'Endpoint');
        await aws.call('iam', 'delete-role', '--role-name', name);
      },
      stack: undefined,
      queue: undefined,
      other: undefined,
    }[kind];
    if (remove) await attempt(`${kind} ${name}`, remove);
  }
  return failed;
}

/** Everything with the environment's tag, and the roles of its generations. */
export async function leftovers(aws: Aws, state: RehearsalState): Promise<Leftover[]> {
  const tag = 'reranker:environment';
  const { ResourceTagMappingList } = await aws.call<{ ResourceTagMappingList: { ResourceARN: string }[] }>(
    'resourcegroupstaggingapi',
    'get-resources',
    '--tag-filters',
    `Key=${tag},Values=${state.environment}`,
  );
  const tagged = ResourceTagMappingList.map(({ ResourceARN }): Leftover => {
    const [, kind, name] = /:(model|endpoint-config)\/([^/]+)$/.exec(ResourceARN) ?? [];
    if (kind === undefined || name === undefined) return { kind: 'other', name: ResourceARN };
    return { kind: kind === 'model' ? 'model' : 'endpoint config', name };
  });
  const { Roles } = await aws.call<{ Roles: { RoleName: string }[] }>(
    'iam',
    'list-roles',
    '--path-prefix',
    '/sagemaker-reranker/',
  );
  const roles: Leftover[] = [];
  for (const { RoleName } of Roles) {
    const { Tags } = await aws.call<{ Tags: { Key: string; Value: string }[] }>(
      'iam',
      'list-role-tags',
      '--role-name',
      RoleName,
    );
    if (Tags.some(({ Key, Value }) => Key === tag && Value === state.environment))
      roles.push({ kind: 'role', name: RoleName });
  }
  return [...tagged, ...roles];
}
