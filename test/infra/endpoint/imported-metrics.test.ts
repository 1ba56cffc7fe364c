import { App, Stack } from 'aws-cdk-lib';
import { Dashboard, GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Template } from 'aws-cdk-lib/assertions';
import { RerankerEndpoint } from '@sagemaker-reranker/infra';
import { at, inner, type CfnResource, type Json } from '../rules/deployment.js';
import { removeFixtures, temporaryDirectory } from '../support/fixtures.js';

afterAll(removeFixtures);

/** A stack of an account and region that looks at an endpoint of others. */
function elsewhere() {
  const stack = new Stack(new App({ outdir: temporaryDirectory() }), 'Here', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  const arn = 'arn:aws:sagemaker:us-east-1:444455556666:endpoint/rerankers';
  return { stack, endpoint: RerankerEndpoint.fromEndpointArn(stack, 'Theirs', arn) };
}

test('metrics of an endpoint elsewhere are looked for where it is', () => {
  const { stack, endpoint } = elsewhere();
  new Dashboard(stack, 'Board', {
    widgets: [[new GraphWidget({ left: [endpoint.metricInvocations(), endpoint.metricCpuUtilization()] })]],
  });
  const [board] = Object.values(Template.fromStack(stack).findResources('AWS::CloudWatch::Dashboard'));
  const [widget] = inner((board as CfnResource).Properties.DashboardBody).widgets as Json[];
  const metrics = at(widget, 'properties', 'metrics') as unknown[][];
  expect(metrics.map((metric) => metric.at(-1))).toEqual([
    expect.objectContaining({ region: 'us-east-1', accountId: '444455556666' }),
    expect.objectContaining({ region: 'us-east-1', accountId: '444455556666' }),
  ]);
});

test('an alarm on them, which CloudWatch cannot have in another region, is refused', () => {
  const { stack, endpoint } = elsewhere();
  const alarm = () =>
    endpoint.metricMemoryUtilization().createAlarm(stack, 'Full', { threshold: 90, evaluationPeriods: 1 });
  expect(alarm).toThrow(/us-east-1/);
});
