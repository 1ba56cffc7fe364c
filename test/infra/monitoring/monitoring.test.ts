import path from 'node:path';
import { Duration, Stack } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { RerankerClient } from '@sagemaker-reranker/client';
import { startLocalEndpoint } from '../../../container/src/local/index.js';
import { HOSTING_MODES, type HostingMode, RerankerEndpoint } from '@sagemaker-reranker/infra';
import { removeFixtures } from '../support/fixtures.js';
import { emptyStack, endpointStack, propsFor, testApp } from '../support/stacks.js';

afterAll(removeFixtures);

const alarmsOf = (template: Template) =>
  Object.keys(template.findResources('AWS::CloudWatch::Alarm'))
    .map((id) => /RerankerMonitoring([A-Za-z]+?)[0-9A-F]{8}$/.exec(id)?.[1])
    .filter((name) => name !== undefined)
    .sort();

test.each<[HostingMode, string[]]>([
  ['real-time', ['Cpu', 'Latency', 'Memory', 'ModelErrors', 'ServerErrors']],
  ['multi-model', ['Cpu', 'Latency', 'Memory', 'ModelErrors', 'ServerErrors']],
  ['inference-components', ['Cpu', 'Latency', 'Memory', 'ModelErrors', 'ServerErrors']],
  ['serverless', ['Concurrency', 'Latency', 'Memory', 'ServerErrors']],
  ['asynchronous', ['Cpu', 'FailedRequests', 'Latency', 'Memory', 'OldestRequest', 'ServerErrors']],
])('%s has the alarms %j, all told to the topic', (mode, names) => {
  const template = endpointStack({ mode }).template();
  expect(alarmsOf(template)).toEqual(names);
  const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm')) as [
    string,
    { Properties: { AlarmActions: unknown[]; OKActions?: unknown[]; AlarmDescription?: string } },
  ][];
  for (const [id, { Properties }] of alarms.filter(([name]) => name.startsWith('RerankerMonitoring'))) {
    expect([id, Properties.AlarmActions]).toEqual([
      id,
      [{ Ref: expect.stringContaining('Alarms') as string }],
    ]);
    expect(Properties.OKActions).toEqual(Properties.AlarmActions);
    expect(Properties.AlarmDescription).toContain('docs/runbook.md');
  }
});

test('errors count as a share of the requests, latency at the 99th percentile in microseconds', () => {
  const { template } = endpointStack(undefined, {
    monitoring: { errorPercentage: 5, latencyThreshold: Duration.seconds(2) },
  });
  template().hasResourceProperties('AWS::CloudWatch::Alarm', {
    Threshold: 5,
    TreatMissingData: 'notBreaching',
    Metrics: Match.arrayWith([Match.objectLike({ Expression: '100 * failures / requests' })]),
  });
  template().hasResourceProperties('AWS::CloudWatch::Alarm', {
    MetricName: 'ModelLatency',
    ExtendedStatistic: 'p99',
    Threshold: 2_000_000,
  });
});

test('CPU is measured against all vCPUs of the instance', () => {
  endpointStack({ mode: 'real-time', instanceType: 'ml.c7i.2xlarge' })
    .template()
    .hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'CPUUtilization', Threshold: 720 });
});

test("the container's log has a retention, and exists before SageMaker would make it", () => {
  const { template } = endpointStack(undefined, {
    endpointName: 'reranker-test',
    monitoring: { logRetention: RetentionDays.ONE_WEEK },
  });
  template().hasResourceProperties('AWS::Logs::LogGroup', {
    LogGroupName: '/aws/sagemaker/Endpoints/reranker-test',
    RetentionInDays: 7,
  });
  template().hasResource('AWS::SageMaker::Endpoint', {
    DependsOn: Match.arrayWith([Match.stringLikeRegexp('MonitoringLog')]),
  });
});

test('inference components log and are watched apart', () => {
  const { template } = endpointStack({ mode: 'inference-components' }, { endpointName: 'rerankers' });
  for (const name of ['rerankers-turbo', 'rerankers-tiny']) {
    template().hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: `/aws/sagemaker/InferenceComponents/${name}`,
    });
  }
});

test('documents, tokens and times are drawn from what the container logs', () => {
  const { template } = endpointStack(undefined, { endpointName: 'reranker-test' });
  const fields = {
    Documents: '$.documents',
    Tokens: '$.tokens',
    QueueMilliseconds: '$.queueMs',
    InferenceMilliseconds: '$.inferenceMs',
  };
  for (const [MetricName, MetricValue] of Object.entries(fields)) {
    template().hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.msg = "reranked" }',
      MetricTransformations: [{ MetricName, MetricValue, MetricNamespace: 'Reranker/reranker-test' }],
    });
  }
});

describe('the metric filters', () => {
  // As CloudWatch Logs matches `{ $.msg = "reranked" }` and draws `$.field` from a line of JSON.
  let line: Record<string, unknown>;
  let batch: Record<string, unknown>;
  beforeAll(async () => {
    const lines: string[] = [];
    const local = await startLocalEndpoint({
      port: 0,
      containerEntry: path.resolve(__dirname, '../../../container/dist/main.js'),
      log: (text) => lines.push(text),
    });
    const client = new RerankerClient({ endpointName: 'any', endpoint: local.url });
    await client.rerank({ query: 'a question', documents: ['one', 'two', 'three'] });
    client.close();
    await fetch(`${local.url}/endpoints/any/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'a question,one\na question,two\n',
    });
    await local.close();
    const parsed = lines
      .filter((text) => text.startsWith('{'))
      .map((text) => JSON.parse(text) as typeof line);
    [line, batch] = parsed.filter(({ msg }) => msg === 'reranked') as [typeof line, typeof batch];
  });

  test('each draws a number from the line that the real container logs for an answer', () => {
    expect(line).toMatchObject({ msg: 'reranked', documents: 3 });
    const filters = Object.values(endpointStack().template().findResources('AWS::Logs::MetricFilter')) as {
      Properties: { FilterPattern: string; MetricTransformations: { MetricValue: string }[] };
    }[];
    expect(filters).toHaveLength(4);
    for (const { Properties } of filters) {
      expect(Properties.FilterPattern).toBe('{ $.msg = "reranked" }');
      const [{ MetricValue }] = Properties.MetricTransformations as [{ MetricValue: string }];
      expect([MetricValue, line[MetricValue.replace('$.', '')]]).toEqual([MetricValue, expect.any(Number)]);
    }
    expect(line.tokens).toBeGreaterThan(10);
    expect(line.inferenceMs).toBeGreaterThan(0);
    // A batch has one line for all of its rows, which SQL engines send.
    expect(batch).toMatchObject({ documents: 2, tokens: expect.any(Number) as number });
  });
});

describe('dashboard', () => {
  const titles = (template: Template): string[] => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const text = JSON.stringify(dashboard);
    return [...text.matchAll(/\\"title\\":\\"(.*?)\\"/g)].map(([, title]) => title!);
  };

  test.each(HOSTING_MODES)('of %s shows traffic, latency, work, machine and queue', (mode) => {
    const shown = titles(endpointStack({ mode }).template());
    expect(shown.slice(0, 3)).toEqual([
      'Requests and failures a minute',
      'Latency in ms: the container, and what SageMaker adds',
      'Tokens and documents a minute',
    ]);
    expect(shown[4]).toMatch(mode === 'asynchronous' ? /Backlog/ : /waiting and inference/);
  });

  test.each([
    ['us-east-1', true],
    ['cn-north-1', false],
  ])('in %s, whether the price book has a price decides whether the cost is shown: %s', (region, shown) => {
    const stack = new Stack(testApp(), 'Test', { env: { region, account: '111122223333' } });
    new RerankerEndpoint(stack, 'Reranker', propsFor());
    expect(titles(Template.fromStack(stack)).some((title) => title.startsWith('USD for'))).toBe(shown);
  });

  test('shows the cost of a million documents once the price is known', () => {
    const { template } = endpointStack(undefined, { monitoring: { usdPerInstanceHour: 0.214 } });
    expect(titles(template())).toContain('USD for a million documents, hour by hour');
    expect(JSON.stringify(template().toJSON())).toContain(
      '1000000 * 0.214 * (invocations / share) / documents',
    );
  });
});

test('a topic of the caller is used, and none is made', () => {
  const stack = emptyStack();
  const alarmTopic = new Topic(stack, 'Mine', { enforceSSL: true });
  const { monitoring } = new RerankerEndpoint(
    stack,
    'Reranker',
    propsFor(undefined, { monitoring: { alarmTopic } }),
  );
  expect(monitoring.topic).toBe(alarmTopic);
});

test('an error share that can never or always be reached is refused', () => {
  for (const errorPercentage of [0, 101]) {
    expect(() => endpointStack(undefined, { monitoring: { errorPercentage } })).toThrow(
      `monitoring.errorPercentage is ${errorPercentage}`,
    );
  }
});
