import { Duration } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Match } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import {
  type FleetScaling,
  type ModelFigures,
  instanceType,
  scalingTargets,
  throughput,
  variantFigures,
} from '@sagemaker-reranker/infra';
import { VARIANT_IDS } from '@sagemaker-reranker/models';
import { bound } from '../../../infra/src/sizing/sizing.js';
import { removeFixtures } from '../support/fixtures.js';
import { endpointStack } from '../support/stacks.js';

afterAll(removeFixtures);

const TARGET = 'AWS::ApplicationAutoScaling::ScalableTarget';
const POLICY = 'AWS::ApplicationAutoScaling::ScalingPolicy';
const realTime = (scaling: FleetScaling) => endpointStack({ mode: 'real-time', scaling }).template();

describe('a fleet', () => {
  test('is not scaled unless asked', () => {
    endpointStack().template().resourceCountIs(TARGET, 0);
  });

  test('holds concurrent requests at high resolution, at what throughput says, with cooldowns, within its bounds', () => {
    const type = 'ml.c7i.8xlarge';
    const scaling = { maxInstanceCount: 6 };
    const { concurrency } = scalingTargets(variantFigures('tiny', 'int8'), { instance: instanceType(type) });
    expect(concurrency).toBeGreaterThan(2);
    const template = endpointStack({ mode: 'real-time', instanceType: type, scaling }).template();
    template.hasResourceProperties(TARGET, {
      MinCapacity: 1,
      MaxCapacity: 6,
      ScalableDimension: 'sagemaker:variant:DesiredInstanceCount',
      ResourceId: Match.objectLike({
        'Fn::Join': ['', ['endpoint/', Match.anyValue(), '/variant/AllTraffic']],
      }),
    });
    template.hasResourceProperties(POLICY, {
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: {
          PredefinedMetricType: 'SageMakerVariantConcurrentRequestsPerModelHighResolution',
        },
        ScaleInCooldown: 300,
        ScaleOutCooldown: 60,
        TargetValue: concurrency,
      },
    });
  });

  test('or invocations a minute, at a target of its own', () => {
    realTime({
      maxInstanceCount: 6,
      metric: 'invocations',
      target: 120,
      scaleInCooldown: Duration.minutes(10),
    }).hasResourceProperties(POLICY, {
      TargetTrackingScalingPolicyConfiguration: {
        PredefinedMetricSpecification: { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' },
        ScaleInCooldown: 600,
        TargetValue: 120,
      },
    });
  });

  test('changes its bounds by schedule', () => {
    realTime({
      maxInstanceCount: 6,
      schedule: {
        Morning: { schedule: Schedule.cron({ hour: '7', minute: '30' }), minCapacity: 3 },
        Night: { schedule: Schedule.cron({ hour: '20', minute: '0' }), minCapacity: 1, maxCapacity: 2 },
      },
    }).hasResourceProperties(TARGET, {
      ScheduledActions: [
        {
          ScheduledActionName: 'Morning',
          Schedule: 'cron(30 7 * * ? *)',
          ScalableTargetAction: { MinCapacity: 3 },
        },
        { ScheduledActionName: 'Night', ScalableTargetAction: { MinCapacity: 1, MaxCapacity: 2 } },
      ],
    });
  });

  test('an update leaves the number of instances to scaling, and takes the new data capture', () => {
    realTime({ maxInstanceCount: 6 }).hasResourceProperties('AWS::SageMaker::Endpoint', {
      RetainAllVariantProperties: true,
      ExcludeRetainedVariantProperties: [
        { VariantPropertyType: 'DataCaptureConfig' },
        { VariantPropertyType: 'DesiredWeight' },
      ],
    });
    endpointStack()
      .template()
      .hasResourceProperties('AWS::SageMaker::Endpoint', { RetainAllVariantProperties: Match.absent() });
  });
});

describe('a backlog', () => {
  test('is followed down to nothing and wakes the endpoint', () => {
    const template = endpointStack({ mode: 'asynchronous', maxInstanceCount: 5 }).template();
    template.hasResourceProperties(TARGET, { MinCapacity: 0, MaxCapacity: 5 });
    template.hasResourceProperties(POLICY, {
      TargetTrackingScalingPolicyConfiguration: {
        CustomizedMetricSpecification: {
          MetricName: 'ApproximateBacklogSizePerInstance',
          Namespace: 'AWS/SageMaker',
          Dimensions: [{ Name: 'EndpointName' }],
        },
      },
    });
    template.hasResourceProperties(POLICY, {
      StepScalingPolicyConfiguration: {
        AdjustmentType: 'ChangeInCapacity',
        StepAdjustments: [{ MetricIntervalLowerBound: 0, ScalingAdjustment: 1 }],
      },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'HasBacklogWithoutCapacity',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
  });

  test('needs no waking where an instance stays on', () => {
    const template = endpointStack({ mode: 'asynchronous', minInstanceCount: 1 }).template();
    template.resourceCountIs(POLICY, 1);
    template.resourcePropertiesCountIs(
      'AWS::CloudWatch::Alarm',
      { MetricName: 'HasBacklogWithoutCapacity' },
      0,
    );
  });
});

describe('copies', () => {
  const template = endpointStack(
    { mode: 'inference-components', maxCopyCount: 4 },
    { endpointName: 'rerankers' },
  ).template();

  test('of each model are scaled by themselves, down to none', () => {
    for (const variant of ['turbo', 'tiny']) {
      template.hasResourceProperties(TARGET, {
        ScalableDimension: 'sagemaker:inference-component:DesiredCopyCount',
        ResourceId: `inference-component/rerankers-${variant}`,
        MinCapacity: 0,
        MaxCapacity: 4,
      });
      template.hasResourceProperties('AWS::CloudWatch::Alarm', {
        MetricName: 'NoCapacityInvocationFailures',
        Dimensions: [{ Name: 'InferenceComponentName', Value: `rerankers-${variant}` }],
      });
    }
  });

  test('start with one, since none is refused, on instances that may shrink to none', () => {
    template.allResourcesProperties('AWS::SageMaker::InferenceComponent', {
      RuntimeConfig: { CopyCount: 1 },
    });
    template.hasResourceProperties('AWS::SageMaker::EndpointConfig', {
      ExecutionRoleArn: Match.anyValue(),
      ProductionVariants: [
        {
          ModelName: Match.absent(),
          InitialInstanceCount: 1,
          ManagedInstanceScaling: { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 2 },
        },
      ],
    });
  });
});

test("targets are at least one, and grow with the instance and with a copy's share of it", () => {
  const sizes = ['', '2', '4', '8', '12', '24'].map((size) => instanceType(`ml.c7i.${size}xlarge`));
  fc.assert(
    fc.property(
      fc.constantFrom(...VARIANT_IDS),
      fc.constantFrom<'fp32' | 'int8'>('fp32', 'int8'),
      fc.integer({ min: 0, max: sizes.length - 2 }),
      fc.integer({ min: 10, max: 1_000_000 }),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      (variant, precision, size, tokensPerRequest, share) => {
        const model: ModelFigures = variantFigures(variant, precision);
        const targets = (at: number, part = 1) =>
          scalingTargets(model, { instance: sizes[at]! }, { tokensPerRequest, share: part });
        for (const name of ['concurrency', 'invocationsPerMinute'] as const) {
          expect(targets(size, share)[name]).toBeGreaterThanOrEqual(1);
          expect(targets(size)[name]).toBeGreaterThanOrEqual(targets(size, share)[name]);
          expect(targets(size + 1)[name]).toBeGreaterThanOrEqual(targets(size)[name]);
        }
      },
    ),
  );
});

test('targets plan with 70 % of the throughput, and with two seconds a request', () => {
  const place = { instance: instanceType('ml.c7i.8xlarge') };
  const model: ModelFigures = variantFigures('turbo', 'fp32');
  const tokensPerRequest = 500;
  const planned = (0.7 * bound(throughput(model, place), 'low')) / tokensPerRequest;
  expect(planned).toBeGreaterThan(5);
  expect(scalingTargets(model, place, { tokensPerRequest })).toEqual({
    concurrency: Math.floor(2 * planned),
    invocationsPerMinute: Math.floor(60 * planned),
  });
});
