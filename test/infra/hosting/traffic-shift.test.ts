import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import type { Hosting, TrafficShift } from '@sagemaker-reranker/infra';
import { deploymentConfig } from '../../../infra/src/hosting/traffic-shift.js';
import { removeFixtures } from '../support/fixtures.js';
import { endpointStack } from '../support/stacks.js';

afterAll(removeFixtures);

const configOf = (shift: TrafficShift) => deploymentConfig(shift, []).blueGreenUpdatePolicy;

test('canary: a part, a watch, the rest', () => {
  expect(configOf({ strategy: 'canary', stepPercentage: 20, interval: Duration.minutes(10) })).toEqual({
    trafficRoutingConfiguration: {
      type: 'CANARY',
      waitIntervalInSeconds: 600,
      canarySize: { type: 'CAPACITY_PERCENT', value: 20 },
      linearStepSize: undefined,
    },
    terminationWaitInSeconds: 300,
    maximumExecutionTimeoutInSeconds: 2 * (2 * 600 + 300) + 1800,
  });
});

test('linear: equal parts with a watch after each', () => {
  expect(configOf({ strategy: 'linear', stepPercentage: 25 })).toMatchObject({
    trafficRoutingConfiguration: { type: 'LINEAR', linearStepSize: { value: 25 }, canarySize: undefined },
    maximumExecutionTimeoutInSeconds: 2 * (4 * 300 + 300) + 1800,
  });
});

test('all at once has no part', () => {
  expect(configOf({ strategy: 'all-at-once' })).toMatchObject({
    trafficRoutingConfiguration: { type: 'ALL_AT_ONCE', canarySize: undefined, linearStepSize: undefined },
  });
});

test('the time limit stays within what SageMaker allows', () => {
  const longest = configOf({
    strategy: 'linear',
    stepPercentage: 10,
    interval: Duration.hours(1),
    terminationWait: Duration.hours(1),
  });
  expect(longest).toMatchObject({ maximumExecutionTimeoutInSeconds: 28_800 });
});

test('an update of a fleet is taken back by errors of server or model, and by latency', () => {
  const { template, endpoint } = endpointStack({ mode: 'multi-model' });
  template().hasResourceProperties('AWS::SageMaker::Endpoint', {
    DeploymentConfig: {
      AutoRollbackConfiguration: {
        Alarms: ['ServerErrors', 'ModelErrors', 'Latency'].map((name) => ({
          AlarmName: { Ref: Match.stringLikeRegexp(`Monitoring${name}`) },
        })),
      },
    },
  });
  expect(endpoint.monitoring.rollbackAlarms).toHaveLength(3);
});

test('serverless and inference components have no traffic shift of the endpoint', () => {
  for (const mode of ['serverless', 'inference-components'] as const) {
    endpointStack({ mode })
      .template()
      .hasResourceProperties('AWS::SageMaker::Endpoint', { DeploymentConfig: Match.absent() });
  }
});

test.each([
  [{ mode: 'real-time' }, 'ALL_AT_ONCE'],
  [{ mode: 'real-time', initialInstanceCount: 2 }, 'CANARY'],
  [{ mode: 'asynchronous' }, 'ALL_AT_ONCE'],
  [{ mode: 'asynchronous', minInstanceCount: 2 }, 'CANARY'],
] satisfies [Hosting, string][])('%j shifts %s: one instance has no part to begin with', (hosting, Type) => {
  endpointStack(hosting)
    .template()
    .hasResourceProperties('AWS::SageMaker::Endpoint', {
      DeploymentConfig: { BlueGreenUpdatePolicy: { TrafficRoutingConfiguration: { Type } } },
    });
});
