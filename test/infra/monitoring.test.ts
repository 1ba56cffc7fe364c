import { Duration } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { HOSTING_MODES, RerankerEndpoint, type HostingMode } from '../../infra';
import { removeFixtures } from './support/fixtures';
import { emptyStack, endpointStack, propsFor } from './support/stacks';

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
  ['serverless', ['Latency', 'Memory', 'ModelErrors', 'ServerErrors']],
  ['asynchronous', ['Cpu', 'FailedRequests', 'Memory', 'OldestRequest']],
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

describe('dashboard', () => {
  const titles = (template: Template): string[] => {
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const text = JSON.stringify(dashboard);
    return [...text.matchAll(/\\"title\\":\\"(.*?)\\"/g)].map(([, title]) => title!);
  };

  test.each(HOSTING_MODES)('of %s shows traffic, latency, work, machine and queue', (mode) => {
    const shown = titles(endpointStack({ mode }).template());
    expect(shown).toHaveLength(5);
    expect(shown[4]).toMatch(mode === 'asynchronous' ? /Backlog/ : /waiting and inference/);
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
