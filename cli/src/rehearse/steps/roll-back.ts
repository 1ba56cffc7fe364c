import { NotSeen } from '../aws.js';
import type { Rehearsal } from '../context.js';
import { invoke } from '../invoke.js';
import { nameOf } from '../stacks.js';
import { calm, container, raise } from './real-time.js';
import { stepsOf } from './step.js';

/** The runbook's query for the endpoint configs of a stack: one that replaces another ends as an update, not a creation. */
export const CONFIGS_QUERY =
  "StackEvents[?ResourceType=='AWS::SageMaker::EndpointConfig' && PhysicalResourceId!='' && (ResourceStatus=='CREATE_COMPLETE' || ResourceStatus=='UPDATE_COMPLETE')].[Timestamp,PhysicalResourceId]";
/** The runbook's query for what a stack has let go of. */
const LET_GO_QUERY =
  "StackEvents[?ResourceStatus=='DELETE_SKIPPED'].[Timestamp,ResourceType,PhysicalResourceId]";

/** The names in the last column of a query of the stack's events, newest first. */
async function named(rehearsal: Rehearsal, query: string): Promise<string[]> {
  const rows = await rehearsal.aws.call<string[][]>('cloudformation', 'describe-stack-events', {
    stackName: rehearsal.stackName('real-time'),
    query,
  });
  return rows.map((row) => nameOf(row.at(-1)!));
}

/**
 * The config before the one that serves. One that was rolled back stands between two lines of the one that serves, and is passed
 * over, as the runbook says.
 */
export function configBefore(names: readonly string[]): string | undefined {
  return names[names.lastIndexOf(names[0]!) + 1];
}

/**
 * A number of inference processes that the endpoint does not have. A fixed one may be what its type has by default, and then
 * the deployment would change nothing.
 */
async function otherWorkers(rehearsal: Rehearsal): Promise<number> {
  const { Environment } = await container(rehearsal);
  return Environment?.RERANKER_WORKERS === '1' ? 2 : 1;
}

/** A second deployment, and ways back from it. */
export const rollBackSteps = stepsOf('real-time', [
  {
    id: 'second-deployment',
    claim: 'A second deployment shifts traffic in parts to a new config, and the one before is kept.',
    instanceHours: 2,
    minutes: 20,
    needs: ['first-deployment'],
    async run(rehearsal) {
      const before = (await rehearsal.endpoint('real-time')).EndpointConfigName;
      const workers = await otherWorkers(rehearsal);
      await rehearsal.deploy('real-time', { initialInstanceCount: 2, workers });
      const after = (await rehearsal.inService('real-time')).EndpointConfigName;
      if (after === before) throw new Error(`the config is still ${before}`);
      const options = { endpointConfigName: before };
      await rehearsal.aws.call('sagemaker', 'describe-endpoint-config', options);
      return `${before} to ${after}, and the first is there`;
    },
  },
  {
    id: 'old-generations',
    claim: "The runbook's query names what the stack has let go of.",
    instanceHours: 0,
    minutes: 1,
    async run(rehearsal) {
      const before = configBefore(await named(rehearsal, CONFIGS_QUERY));
      const kept = await named(rehearsal, LET_GO_QUERY);
      if (before === undefined || !kept.includes(before))
        throw new Error(`it names ${kept.join(', ') || 'nothing'}; the config before is ${before}`);
      return kept.join(', ');
    },
  },
  {
    id: 'roll-back-by-hand',
    claim: "The runbook's query names the config before, and the endpoint goes back to it.",
    instanceHours: 2,
    minutes: 15,
    async run(rehearsal) {
      const names = await named(rehearsal, CONFIGS_QUERY);
      const before = configBefore(names);
      if (before === undefined) throw new Error(`the query names ${names[0] ?? 'nothing'} alone`);
      const endpointName = rehearsal.endpointName('real-time');
      await rehearsal.aws.call('sagemaker', 'update-endpoint', {
        endpointName,
        endpointConfigName: before,
        retainAllVariantProperties: true,
      });
      const { EndpointConfigName } = await rehearsal.inService('real-time');
      if (EndpointConfigName !== before) throw new Error(`the endpoint has ${EndpointConfigName}`);
      return `${before}; ${await invoke(rehearsal.aws, endpointName)}`;
    },
  },
  {
    id: 'roll-back-by-alarm',
    claim:
      'An alarm during a deployment of another instance type takes it back: the endpoint ends as it was.',
    instanceHours: 2,
    minutes: 30,
    async run(rehearsal) {
      const before = (await rehearsal.endpoint('real-time')).EndpointConfigName;
      const [, instanceType] = rehearsal.app.instanceTypes;
      let ended: string | undefined;
      const deployment = rehearsal
        .deployFails('real-time', { initialInstanceCount: 2, instanceType })
        .then((answer) => {
          ended = answer ?? 'it went through';
          return answer;
        });
      try {
        await rehearsal.aws.until('an update under way', 30, async () => {
          if (ended !== undefined)
            throw new NotSeen(`the deployment was over before its update was seen, and ended so: ${ended}`);
          return (await rehearsal.endpoint('real-time')).EndpointStatus === 'Updating' ? true : undefined;
        });
      } catch (error) {
        // No other deployment may begin beside this one.
        await deployment;
        throw error;
      }
      const alarm = await raise(rehearsal);
      const failure = await deployment;
      await calm(rehearsal, alarm);
      if (failure === undefined) throw new Error('the deployment went through');
      const { EndpointStatus, EndpointConfigName } = await rehearsal.inService('real-time');
      if (EndpointConfigName !== before)
        throw new Error(`the endpoint has ${EndpointConfigName}, and had ${before}`);
      return `taken back to ${before}; the endpoint is ${EndpointStatus}`;
    },
  },
]);
