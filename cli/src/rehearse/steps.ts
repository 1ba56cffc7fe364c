import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Rehearsal, RehearsedMode } from './context.js';
import { invoke, invokeAsync, withFiles } from './invoke.js';

/** One claim of docs/runbook.md, tried. */
export interface Step {
  readonly id: string;
  /** What the runbook says, as a sentence. */
  readonly claim: string;
  readonly mode: RehearsedMode;
  /** Instance hours of `ml.c7i.large`, for the estimate of the cost. */
  readonly instanceHours: number;
  readonly minutes: number;
  /** Steps without which this one has nothing to work on. */
  readonly needs: readonly string[];
  /** Returns what was seen. */
  run(rehearsal: Rehearsal): Promise<string>;
}

const VARIANT = 'AllTraffic';

/** Names of the configs that a stack has had, newest first, by the runbook's query. */
async function configs(rehearsal: Rehearsal, mode: RehearsedMode): Promise<string[]> {
  const { aws } = rehearsal;
  const names = await aws.call<string[]>(
    'cloudformation',
    'describe-stack-events',
    '--stack-name',
    rehearsal.stackName(mode),
    '--query',
    CONFIGS_QUERY,
  );
  return [...new Set(names)];
}

/** The runbook's query for the endpoint configs of a stack: one that replaces another ends as an update, not a creation. */
export const CONFIGS_QUERY =
  "StackEvents[?ResourceType=='AWS::SageMaker::EndpointConfig' && PhysicalResourceId!='' && (ResourceStatus=='CREATE_COMPLETE' || ResourceStatus=='UPDATE_COMPLETE')].PhysicalResourceId";

async function instances(
  rehearsal: Rehearsal,
  mode: RehearsedMode,
  count: number,
  minutes: number,
): Promise<void> {
  await rehearsal.aws.until(`${count} instances`, minutes, async () => {
    const { ProductionVariants } = await rehearsal.endpoint(mode);
    return ProductionVariants?.[0]?.CurrentInstanceCount === count ? true : undefined;
  });
}

async function bounds(rehearsal: Rehearsal, mode: RehearsedMode, min: number, max: number): Promise<void> {
  await rehearsal.aws.call(
    'application-autoscaling',
    'register-scalable-target',
    '--service-namespace',
    'sagemaker',
    '--scalable-dimension',
    'sagemaker:variant:DesiredInstanceCount',
    '--resource-id',
    `endpoint/${rehearsal.endpointName(mode)}/variant/${VARIANT}`,
    '--min-capacity',
    String(min),
    '--max-capacity',
    String(max),
  );
}

async function alarmName(rehearsal: Rehearsal, mode: RehearsedMode): Promise<string> {
  const { MetricAlarms } = await rehearsal.aws.call<{ MetricAlarms: { AlarmName: string }[] }>(
    'cloudwatch',
    'describe-alarms',
    '--alarm-name-prefix',
    rehearsal.stackName(mode),
  );
  const found = MetricAlarms.find(({ AlarmName }) => AlarmName.includes('ServerErrors'));
  if (!found) throw new Error('there is no alarm on server errors');
  return found.AlarmName;
}

async function raise(rehearsal: Rehearsal, name: string, state: 'ALARM' | 'OK'): Promise<void> {
  await rehearsal.aws.call(
    'cloudwatch',
    'set-alarm-state',
    '--alarm-name',
    name,
    '--state-value',
    state,
    '--state-reason',
    'rehearsal',
  );
}

const realTime: readonly Step[] = [
  {
    id: 'first-deployment',
    claim: 'A first deployment ends with an endpoint in service.',
    mode: 'real-time',
    instanceHours: 2,
    minutes: 12,
    needs: [],
    async run(rehearsal) {
      await rehearsal.deploy('real-time', { initialInstanceCount: 2 });
      const { EndpointStatus } = await rehearsal.inService('real-time');
      return EndpointStatus;
    },
  },
  {
    id: 'image-manifest',
    claim: "The pushed image has Docker's manifest, which SageMaker takes.",
    mode: 'real-time',
    instanceHours: 0,
    minutes: 1,
    needs: ['first-deployment'],
    async run({ aws }) {
      const { Models } = await aws.call<{ Models: { ModelName: string }[] }>(
        'sagemaker',
        'list-models',
        '--name-contains',
        'Reranker',
        '--sort-by',
        'CreationTime',
        '--sort-order',
        'Descending',
        '--max-items',
        '1',
      );
      const model = await aws.call<{ PrimaryContainer: { Image: string } }>(
        'sagemaker',
        'describe-model',
        '--model-name',
        Models[0]!.ModelName,
      );
      const [, repository, tag] = /^[^/]+\/([^:@]+)[:@](.+)$/.exec(model.PrimaryContainer.Image) ?? [];
      const which = tag!.startsWith('sha256:') ? `imageDigest=${tag}` : `imageTag=${tag}`;
      const { images } = await aws.call<{ images: { imageManifestMediaType: string }[] }>(
        'ecr',
        'batch-get-image',
        '--repository-name',
        repository!,
        '--image-ids',
        which,
      );
      const type = images[0]?.imageManifestMediaType ?? 'nothing';
      if (type !== 'application/vnd.docker.distribution.manifest.v2+json')
        throw new Error(`the manifest is ${type}`);
      return type;
    },
  },
  {
    id: 'request',
    claim: "The runbook's request is answered.",
    mode: 'real-time',
    instanceHours: 0,
    minutes: 1,
    needs: ['first-deployment'],
    run: (rehearsal) => invoke(rehearsal.aws, rehearsal.endpointName('real-time')),
  },
  {
    id: 'alarm-arrives',
    claim: 'An alarm reaches who is subscribed to the topic.',
    mode: 'real-time',
    instanceHours: 0,
    minutes: 5,
    needs: ['first-deployment'],
    async run(rehearsal) {
      const { aws, state } = rehearsal;
      const { AlarmTopicArn: topic } = await rehearsal.outputs('real-time');
      if (topic === undefined) throw new Error('the stack has no output AlarmTopicArn');
      const { QueueUrl } = await aws.call<{ QueueUrl: string }>(
        'sqs',
        'create-queue',
        '--queue-name',
        `reranker-${state.environment}`,
      );
      await rehearsal.remember((each) => (each.queueUrl = QueueUrl));
      const { Attributes } = await aws.call<{ Attributes: { QueueArn: string } }>(
        'sqs',
        'get-queue-attributes',
        '--queue-url',
        QueueUrl,
        '--attribute-names',
        'QueueArn',
      );
      const policy = {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: Attributes.QueueArn,
            Condition: { ArnEquals: { 'aws:SourceArn': topic } },
          },
        ],
      };
      await aws.call(
        'sqs',
        'set-queue-attributes',
        '--queue-url',
        QueueUrl,
        '--attributes',
        JSON.stringify({ Policy: JSON.stringify(policy) }),
      );
      await aws.call(
        'sns',
        'subscribe',
        '--topic-arn',
        topic,
        '--protocol',
        'sqs',
        '--notification-endpoint',
        Attributes.QueueArn,
      );
      const alarm = await alarmName(rehearsal, 'real-time');
      await raise(rehearsal, alarm, 'ALARM');
      await aws.until(
        'a message of the alarm',
        5,
        async () => {
          const received = await aws.call<{ Messages?: { Body: string }[] } | undefined>(
            'sqs',
            'receive-message',
            '--queue-url',
            QueueUrl,
            '--wait-time-seconds',
            '10',
          );
          return received?.Messages?.some(({ Body }) => Body.includes(alarm)) ? true : undefined;
        },
        1,
      );
      await raise(rehearsal, alarm, 'OK');
      return `${alarm} arrived`;
    },
  },
  {
    id: 'second-deployment',
    claim: 'A second deployment shifts traffic in parts to a new config, and the one before is kept.',
    mode: 'real-time',
    instanceHours: 2,
    minutes: 20,
    needs: ['first-deployment'],
    async run(rehearsal) {
      const before = (await rehearsal.endpoint('real-time')).EndpointConfigName;
      await rehearsal.deploy('real-time', { initialInstanceCount: 2, workers: 2 });
      const after = (await rehearsal.inService('real-time')).EndpointConfigName;
      if (after === before) throw new Error(`the config is still ${before}`);
      await rehearsal.aws.call('sagemaker', 'describe-endpoint-config', '--endpoint-config-name', before);
      return `${before} to ${after}, and the first is there`;
    },
  },
  {
    id: 'roll-back-by-hand',
    claim: "The runbook's query names the config before, and the endpoint goes back to it.",
    mode: 'real-time',
    instanceHours: 2,
    minutes: 15,
    needs: ['second-deployment'],
    async run(rehearsal) {
      const [current, before] = await configs(rehearsal, 'real-time');
      if (before === undefined) throw new Error(`the query names ${current ?? 'nothing'} alone`);
      const name = rehearsal.endpointName('real-time');
      await rehearsal.aws.call(
        'sagemaker',
        'update-endpoint',
        '--endpoint-name',
        name,
        '--endpoint-config-name',
        before,
        '--retain-all-variant-properties',
      );
      const { EndpointConfigName } = await rehearsal.inService('real-time');
      if (EndpointConfigName !== before) throw new Error(`the endpoint has ${EndpointConfigName}`);
      const answer = await invoke(rehearsal.aws, name);
      return `${before}; ${answer}`;
    },
  },
  {
    id: 'roll-back-by-alarm',
    claim: 'An alarm during a deployment takes it back: the stack ends as it was.',
    mode: 'real-time',
    instanceHours: 2,
    minutes: 30,
    needs: ['second-deployment'],
    async run(rehearsal) {
      const alarm = await alarmName(rehearsal, 'real-time');
      const deployment = rehearsal.deployFails('real-time', {
        initialInstanceCount: 2,
        workers: 1,
        instanceType: 'ml.c6i.large',
      });
      await Promise.race([
        deployment,
        rehearsal.aws.until('an update under way', 30, async () =>
          (await rehearsal.endpoint('real-time')).EndpointStatus === 'Updating' ? true : undefined,
        ),
      ]);
      await raise(rehearsal, alarm, 'ALARM');
      const failed = await deployment;
      await raise(rehearsal, alarm, 'OK');
      if (!failed) throw new Error('the deployment went through');
      const { EndpointStatus } = await rehearsal.inService('real-time');
      return `taken back; the endpoint is ${EndpointStatus}`;
    },
  },
  {
    id: 'scale-out-and-in',
    claim: 'Raised bounds add instances at once, lowered ones take them away.',
    mode: 'real-time',
    instanceHours: 1,
    minutes: 40,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.deploy('real-time', {
        initialInstanceCount: 2,
        minInstanceCount: 2,
        maxInstanceCount: 3,
      });
      await bounds(rehearsal, 'real-time', 3, 3);
      await instances(rehearsal, 'real-time', 3, 20);
      await bounds(rehearsal, 'real-time', 2, 2);
      await instances(rehearsal, 'real-time', 2, 20);
      return '2, 3 and 2 instances';
    },
  },
  {
    id: 'instance-type',
    claim: 'The instance type changes once the fleet is not scaled.',
    mode: 'real-time',
    instanceHours: 2,
    minutes: 30,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.deploy('real-time', { initialInstanceCount: 2 });
      await rehearsal.deploy('real-time', { initialInstanceCount: 2, instanceType: 'ml.c6i.large' });
      return (await rehearsal.inService('real-time')).EndpointStatus;
    },
  },
  {
    id: 'destroy-and-deploy-again',
    claim: 'A destroyed stack can be deployed again at once.',
    mode: 'real-time',
    instanceHours: 1,
    minutes: 25,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.destroy('real-time');
      await rehearsal.deploy('real-time');
      const { EndpointStatus } = await rehearsal.inService('real-time');
      await rehearsal.destroy('real-time');
      return EndpointStatus;
    },
  },
];

const otherModes: readonly Step[] = [
  {
    id: 'asynchronous',
    claim: 'An asynchronous request is answered in S3.',
    mode: 'asynchronous',
    instanceHours: 0.5,
    minutes: 15,
    needs: [],
    async run(rehearsal) {
      await rehearsal.deploy('asynchronous');
      const { ExchangeBucket } = await rehearsal.outputs('asynchronous');
      return invokeAsync(rehearsal.aws, rehearsal.endpointName('asynchronous'), ExchangeBucket!, 15);
    },
  },
  {
    id: 'asynchronous-to-zero-and-back',
    claim: 'An idle asynchronous fleet shrinks to nothing and wakes for a request.',
    mode: 'asynchronous',
    instanceHours: 1,
    minutes: 60,
    needs: ['asynchronous'],
    async run(rehearsal) {
      await instances(rehearsal, 'asynchronous', 0, 40);
      const { ExchangeBucket } = await rehearsal.outputs('asynchronous');
      return invokeAsync(rehearsal.aws, rehearsal.endpointName('asynchronous'), ExchangeBucket!, 30);
    },
  },
  {
    id: 'asynchronous-instance-type',
    claim: 'An asynchronous fleet changes its instance type while it keeps its size.',
    mode: 'asynchronous',
    instanceHours: 1,
    minutes: 30,
    needs: ['asynchronous'],
    async run(rehearsal) {
      const fixed = { minInstanceCount: 1, maxInstanceCount: 1 };
      await rehearsal.deploy('asynchronous', fixed);
      await rehearsal.deploy('asynchronous', { ...fixed, instanceType: 'ml.c6i.large' });
      const { EndpointStatus } = await rehearsal.inService('asynchronous');
      await rehearsal.destroy('asynchronous');
      return EndpointStatus;
    },
  },
  {
    id: 'serverless',
    claim: 'A serverless endpoint answers, its start included.',
    mode: 'serverless',
    instanceHours: 0,
    minutes: 12,
    needs: [],
    async run(rehearsal) {
      await rehearsal.deploy('serverless', { consumers: 'batch' });
      return invoke(rehearsal.aws, rehearsal.endpointName('serverless'));
    },
  },
  {
    id: 'batch',
    claim: 'A batch answers every line below its prefix.',
    mode: 'serverless',
    instanceHours: 0.5,
    minutes: 20,
    needs: ['serverless'],
    async run(rehearsal) {
      const { aws } = rehearsal;
      const { BatchBucket: bucket, BatchStateMachineArn: machine } = await rehearsal.outputs('serverless');
      return withFiles(async (directory) => {
        const lines = path.join(directory, 'requests.jsonl');
        await writeFile(lines, '{"query":"ping","documents":["pong"]}\n'.repeat(3));
        await aws.call(
          's3api',
          'put-object',
          '--bucket',
          bucket!,
          '--key',
          'input/rehearsal/requests.jsonl',
          '--body',
          lines,
        );
        const { executionArn } = await aws.call<{ executionArn: string }>(
          'stepfunctions',
          'start-execution',
          '--state-machine-arn',
          machine!,
          '--input',
          '{"prefix":"input/rehearsal/"}',
        );
        const end = await aws.until('the end of the batch', 30, async () => {
          const { status, cause } = await aws.call<{ status: string; cause?: string }>(
            'stepfunctions',
            'describe-execution',
            '--execution-arn',
            executionArn,
          );
          return status === 'RUNNING' ? undefined : { status, cause };
        });
        if (end.status !== 'SUCCEEDED') throw new Error(`${end.status}: ${end.cause ?? 'no cause given'}`);
        await rehearsal.destroy('serverless');
        return '3 lines, succeeded';
      });
    },
  },
  {
    id: 'multi-model',
    claim: 'A multi-model endpoint answers for a target model.',
    mode: 'multi-model',
    instanceHours: 0.5,
    minutes: 15,
    needs: [],
    async run(rehearsal) {
      await rehearsal.deploy('multi-model');
      const answer = await invoke(
        rehearsal.aws,
        rehearsal.endpointName('multi-model'),
        '--target-model',
        'embedded.tar.gz',
      );
      await rehearsal.destroy('multi-model');
      return answer;
    },
  },
  {
    id: 'inference-components',
    claim: 'An inference component answers.',
    mode: 'inference-components',
    instanceHours: 0.5,
    minutes: 15,
    needs: [],
    async run(rehearsal) {
      await rehearsal.deploy('inference-components');
      const name = rehearsal.endpointName('inference-components');
      return invoke(rehearsal.aws, name, '--inference-component-name', `${name}-embedded`);
    },
  },
  {
    id: 'components-to-zero-and-back',
    claim: 'An idle component shrinks to no copy, its first call fails, and it wakes.',
    mode: 'inference-components',
    instanceHours: 1,
    minutes: 60,
    needs: ['inference-components'],
    async run(rehearsal) {
      const { aws } = rehearsal;
      const name = rehearsal.endpointName('inference-components');
      const component = `${name}-embedded`;
      await aws.until('no copy', 40, async () => {
        const { RuntimeConfig } = await aws.call<{ RuntimeConfig: { CurrentCopyCount: number } }>(
          'sagemaker',
          'describe-inference-component',
          '--inference-component-name',
          component,
        );
        return RuntimeConfig.CurrentCopyCount === 0 ? true : undefined;
      });
      const answer = await aws.until('the component awake', 30, async () =>
        invoke(aws, name, '--inference-component-name', component).catch(() => undefined),
      );
      await rehearsal.destroy('inference-components');
      return answer;
    },
  },
];

/** What a rehearsal tries, in order. */
export const STEPS: readonly Step[] = [...realTime, ...otherModes];
