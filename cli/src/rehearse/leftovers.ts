import type { Aws } from './aws.js';
import { removeStack } from './stacks.js';
import type { RehearsalState } from './state.js';

/** What is still there of an environment, by name. */
interface Leftover {
  readonly kind: 'model' | 'endpoint config' | 'role' | 'other';
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
  const { queue } = state;
  if (queue !== undefined && (await attempt(`queue ${queue}`, () => removeQueue(aws, queue)))) {
    delete state.queue;
    await save();
  }
  if (state.stacks.length > 0) return failed;
  // Generations that the stack has let go of, as the runbook prunes them.
  const tagged: Leftover[] = [];
  await attempt('what is tagged', async () => tagged.push(...(await leftovers(aws, state.environment))));
  for (const { kind, name } of tagged) {
    if (kind !== 'other') await attempt(`${kind} ${name}`, () => removeGeneration(aws, kind, name));
  }
  return failed;
}

async function removeQueue(aws: Aws, queueName: string): Promise<void> {
  const found = await aws.find<{ QueueUrl: string }>('sqs', 'get-queue-url', { queueName });
  if (found) await aws.call('sqs', 'delete-queue', { queueUrl: found.QueueUrl });
}

async function removeGeneration(
  aws: Aws,
  kind: 'model' | 'endpoint config' | 'role',
  name: string,
): Promise<void> {
  if (kind === 'model') await aws.call('sagemaker', 'delete-model', { modelName: name });
  else if (kind === 'endpoint config')
    await aws.call('sagemaker', 'delete-endpoint-config', { endpointConfigName: name });
  else {
    await aws.find('iam', 'delete-role-policy', { roleName: name, policyName: 'Endpoint' });
    await aws.call('iam', 'delete-role', { roleName: name });
  }
}

/** Everything with the environment's tag, and the roles of its generations. */
export async function leftovers(aws: Aws, environment: string): Promise<Leftover[]> {
  const tag = 'reranker:environment';
  const { ResourceTagMappingList } = await aws.call<{ ResourceTagMappingList: { ResourceARN: string }[] }>(
    'resourcegroupstaggingapi',
    'get-resources',
    { tagFilters: `Key=${tag},Values=${environment}` },
  );
  const tagged = ResourceTagMappingList.map(({ ResourceARN }): Leftover => {
    const [, kind, name] = /:(model|endpoint-config)\/([^/]+)$/.exec(ResourceARN) ?? [];
    if (kind === undefined || name === undefined) return { kind: 'other', name: ResourceARN };
    return { kind: kind === 'model' ? 'model' : 'endpoint config', name };
  });
  const { Roles } = await aws.call<{ Roles: { RoleName: string }[] }>('iam', 'list-roles', {
    pathPrefix: '/sagemaker-reranker/',
  });
  const roles: Leftover[] = [];
  for (const { RoleName: name } of Roles) {
    const { Tags } = await aws.call<{ Tags: { Key: string; Value: string }[] }>('iam', 'list-role-tags', {
      roleName: name,
    });
    if (Tags.some(({ Key, Value }) => Key === tag && Value === environment))
      roles.push({ kind: 'role', name });
  }
  return [...tagged, ...roles];
}
