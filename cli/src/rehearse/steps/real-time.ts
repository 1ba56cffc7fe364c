import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Rehearsal } from '../context.js';
import { DOCKER_MANIFEST, manifestType } from '../image.js';
import { invoke, withFiles } from '../invoke.js';
import { stepsOf } from './step.js';

/** The runbook's query for what the container refuses. */
export const REFUSED_QUERY = 'filter msg = "refused" | stats count() by code';

/** The first deployment, and an alarm that fires. */
export const realTimeSteps = stepsOf('real-time', [
  {
    id: 'first-deployment',
    claim: 'A first deployment ends with an endpoint in service.',
    instanceHours: 2,
    minutes: 12,
    async run(rehearsal) {
      await rehearsal.deploy('real-time', { initialInstanceCount: 2 });
      const { EndpointStatus } = await rehearsal.inService('real-time');
      return EndpointStatus;
    },
  },
  {
    id: 'image-manifest',
    claim: "The pushed image has Docker's manifest, which SageMaker takes.",
    instanceHours: 0,
    minutes: 1,
    async run(rehearsal) {
      const { Image } = await container(rehearsal);
      const type = await manifestType(rehearsal.aws, Image.replace(/^[^/]+\//, ''));
      if (type !== DOCKER_MANIFEST) throw new Error(`the manifest is ${type ?? 'not there'}`);
      return type;
    },
  },
  {
    id: 'request',
    claim: "The runbook's request is answered.",
    instanceHours: 0,
    minutes: 1,
    run: (rehearsal) => invoke(rehearsal.aws, rehearsal.endpointName('real-time')),
  },
  {
    id: 'no-differences',
    claim: 'cdk diff shows nothing where nothing has changed.',
    instanceHours: 0,
    minutes: 1,
    async run(rehearsal) {
      const text = await rehearsal.cdk('diff', 'real-time', { initialInstanceCount: 2 }, []);
      const changed = text.split('\n').filter((line) => /^\[[-+~]\]/.test(line));
      if (changed.length > 0) throw new Error(changed.join('; '));
      return 'no differences';
    },
  },
  {
    id: 'alarm-arrives',
    claim: 'An alarm reaches who is subscribed to the topic.',
    instanceHours: 0,
    minutes: 5,
    async run(rehearsal) {
      const { aws } = rehearsal;
      const queueUrl = await subscribedQueue(rehearsal);
      const alarm = await raise(rehearsal);
      await aws.until(
        'a message of the alarm',
        5,
        async () => {
          const received = await aws.call<{ Messages?: { Body: string }[] } | undefined>(
            'sqs',
            'receive-message',
            { queueUrl, waitTimeSeconds: 10 },
          );
          return received?.Messages?.some(({ Body }) => Body.includes(alarm)) ? true : undefined;
        },
        1,
      );
      const alarms = await aws.call<string[][]>('cloudwatch', 'describe-alarms', {
        alarmNamePrefix: rehearsal.stackName('real-time'),
        stateValue: 'ALARM',
        query: 'MetricAlarms[].[AlarmName,StateReason]',
      });
      await calm(rehearsal, alarm);
      return `${alarm} arrived; the runbook's query names ${alarms.length}`;
    },
  },
  {
    id: 'log-query',
    claim: "The runbook's query counts what the container refuses, by code.",
    instanceHours: 0,
    minutes: 10,
    async run(rehearsal) {
      const { aws } = rehearsal;
      const endpointName = rehearsal.endpointName('real-time');
      const refused = await withFiles(async (directory) => {
        const [body, answer] = ['empty.json', 'answer.json'].map((name) => path.join(directory, name));
        await writeFile(body!, '{"query":"ping"}');
        const options = { endpointName, contentType: 'application/json', body: `fileb://${body}` };
        return aws.call('sagemaker-runtime', 'invoke-endpoint', options, answer!).then(
          () => false,
          () => true,
        );
      });
      if (!refused) throw new Error('a request without documents was answered');
      const rows = await aws.until('the refusal in the log', 10, () =>
        counted(rehearsal, `/aws/sagemaker/Endpoints/${endpointName}`),
      );
      return rows.map((row) => row.map(({ field, value }) => `${field} ${value}`).join(', ')).join('; ');
    },
  },
]);

interface Container {
  readonly Image: string;
  readonly Environment?: Readonly<Record<string, string>>;
}

/** The container of the model that the stack has now. */
export async function container(rehearsal: Rehearsal): Promise<Container> {
  const modelName = await rehearsal.resource('real-time', 'AWS::SageMaker::Model');
  const { PrimaryContainer } = await rehearsal.aws.call<{ PrimaryContainer: Container }>(
    'sagemaker',
    'describe-model',
    { modelName },
  );
  return PrimaryContainer;
}

type Row = { readonly field: string; readonly value: string }[];

async function counted({ aws }: Rehearsal, logGroupName: string): Promise<Row[] | undefined> {
  const seconds = Math.floor(aws.shell.now() / 1000);
  const { queryId } = await aws.call<{ queryId: string }>('logs', 'start-query', {
    logGroupName,
    startTime: Math.max(0, seconds - 3600),
    endTime: seconds + 60,
    queryString: REFUSED_QUERY,
  });
  const { results } = await aws.until('the results of the query', 2, async () => {
    const answer = await aws.call<{ status: string; results: Row[] }>('logs', 'get-query-results', {
      queryId,
    });
    return answer.status === 'Complete' ? answer : undefined;
  });
  return results.length > 0 ? results : undefined;
}

/** A queue that what is told to the stack's topic arrives at; its URL. */
async function subscribedQueue(rehearsal: Rehearsal): Promise<string> {
  const { aws, state } = rehearsal;
  const topicArn = await rehearsal.output('real-time', 'AlarmTopicArn');
  const queueName = queueOf(state.environment);
  await rehearsal.remember((each) => (each.queue = queueName));
  const { QueueUrl: queueUrl } = await aws.call<{ QueueUrl: string }>('sqs', 'create-queue', { queueName });
  const { Attributes } = await aws.call<{ Attributes: { QueueArn: string } }>('sqs', 'get-queue-attributes', {
    queueUrl,
    attributeNames: 'QueueArn',
  });
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Attributes.QueueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
      },
    ],
  });
  await aws.call('sqs', 'set-queue-attributes', { queueUrl, attributes: JSON.stringify({ Policy }) });
  const notificationEndpoint = Attributes.QueueArn;
  await aws.call('sns', 'subscribe', { topicArn, protocol: 'sqs', notificationEndpoint });
  return queueUrl;
}

export function queueOf(environment: string): string {
  return `reranker-${environment}`;
}

/** Sets off the stack's alarm on server errors, one of those that take a deployment back; its name. */
export async function raise(rehearsal: Rehearsal): Promise<string> {
  const alarm = await rehearsal.resource('real-time', 'AWS::CloudWatch::Alarm', 'ServerErrors');
  await setState(rehearsal, alarm, 'ALARM');
  return alarm;
}

export async function calm(rehearsal: Rehearsal, alarm: string): Promise<void> {
  await setState(rehearsal, alarm, 'OK');
}

async function setState({ aws }: Rehearsal, alarmName: string, stateValue: 'ALARM' | 'OK'): Promise<void> {
  await aws.call('cloudwatch', 'set-alarm-state', { alarmName, stateValue, stateReason: 'rehearsal' });
}
