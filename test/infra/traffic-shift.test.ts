import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import type { TrafficShift } from '@sagemaker-reranker/infra';
import { deploymentConfig } from '../../infra/src/traffic-shift.js';
import { removeFixtures } from './support/fixtures.js';
import { endpointStack } from './support/stacks.js';

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

test.each(['serverless', 'asynchronous'] as const)('%s has no traffic shift', (mode) => {
  endpointStack({ mode })
    .template()
    .hasResourceProperties('AWS::SageMaker::Endpoint', { DeploymentConfig: Match.absent() });
});
