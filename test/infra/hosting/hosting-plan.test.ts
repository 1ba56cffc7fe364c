import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import {
  HOSTING_MODES,
  type Hosting,
  type HostingMode,
  type ManyModelHosting,
  type ModelFigures,
  type Precision,
  RerankerEndpoint,
  RerankerImage,
  RerankerModel,
  variantFigures,
} from '@sagemaker-reranker/infra';
import type { VariantId } from '@sagemaker-reranker/models';
import { removeFixtures } from '../support/fixtures.js';
import { planOf } from '../support/plans.js';
import { emptyStack } from '../support/stacks.js';

afterAll(removeFixtures);

const figures = (variant: VariantId, precision: Precision): ModelFigures =>
  variantFigures(variant, precision);
const tiny = figures('tiny', 'int8');
const turbo = figures('turbo', 'int8');
const base = figures('base', 'fp32');

test.each(HOSTING_MODES)('the settings of %s can be imported', (mode) => {
  const index = readFileSync(path.resolve(__dirname, '../../../infra/src/index.ts'), 'utf8');
  expect(index).toContain(`from './hosting/${mode}.js'`);
});

test('real-time is isolated from networks, on the recommended type', () => {
  expect(planOf({ mode: 'real-time' }, [tiny])).toMatchObject({
    architecture: 'x86_64',
    networkIsolation: true,
    environment: {
      RERANKER_QUEUE_TOKENS: expect.stringMatching(/^\d+$/) as string,
      RERANKER_WORKERS: '2',
      RERANKER_THREADS: '1',
    },
    productionVariant: {
      instanceType: 'ml.c6i.large',
      initialInstanceCount: 1,
      routingConfig: { routingStrategy: 'LEAST_OUTSTANDING_REQUESTS' },
    },
  });
});

test('a Graviton type asks for an arm64 image', () => {
  expect(planOf({ mode: 'real-time', instanceType: 'ml.c7g.large' }, [tiny]).architecture).toBe('arm64');
});

test('serverless has none of what SageMaker refuses there, and a body limit of 4 MB', () => {
  expect(planOf({ mode: 'serverless' }, [tiny])).toMatchObject({
    architecture: 'x86_64',
    networkIsolation: false,
    environment: {
      RERANKER_QUEUE_TOKENS: expect.stringMatching(/^\d+$/) as string,
      RERANKER_WORKERS: '1',
      RERANKER_MAX_BODY_BYTES: '4194304',
    },
    productionVariant: {
      serverlessConfig: { memorySizeInMb: 1024, maxConcurrency: 5, provisionedConcurrency: undefined },
    },
  });
});

test('asynchronous starts with an instance even where it may shrink to none, and gives requests time', () => {
  const plan = planOf({ mode: 'asynchronous' }, [tiny]);
  expect(plan.productionVariant.initialInstanceCount).toBe(1);
  expect(plan.environment).toMatchObject({ RERANKER_DEADLINE_MS: '900000' });
});

test('several models on one fleet get the type of the one that asks for most, and its pace', () => {
  const together = planOf({ mode: 'multi-model' }, [tiny, base]);
  const alone = planOf({ mode: 'multi-model' }, [base]);
  expect(together.productionVariant.instanceType).toBe(alone.productionVariant.instanceType);
  expect(together.productionVariant.instanceType).not.toBe(
    planOf({ mode: 'multi-model' }, [tiny]).productionVariant.instanceType,
  );
  expect(together.targets).toEqual(alone.targets);
});

test('a copy uses the threads it reserves, and reserves the memory of its own model', () => {
  const plan = planOf({ mode: 'inference-components', instanceType: 'ml.c7i.2xlarge' }, [turbo, tiny]);
  expect(plan.environment).toMatchObject({ RERANKER_WORKERS: '4', RERANKER_THREADS: '1' });
  expect(plan.components!.vcpus).toBe(4);
  expect(plan.components!.memoryMib[0]).toBeGreaterThan(plan.components!.memoryMib[1]!);
  expect(plan.productionVariant.managedInstanceScaling).toEqual({
    status: 'ENABLED',
    minInstanceCount: 0,
    maxInstanceCount: 2,
  });
});

test('the number of inference processes reaches the container', () => {
  expect(planOf({ mode: 'real-time', workers: 1 }, [tiny]).environment).toMatchObject({
    RERANKER_WORKERS: '1',
    RERANKER_THREADS: '2',
  });
});

const real = (settings: object): Hosting => ({ mode: 'real-time', ...settings });

test.each<[Hosting, readonly ModelFigures[], RegExp]>([
  [
    real({ instanceType: 'ml.c8g.medium' }),
    [base],
    /ml\.c8g\.medium leaves 1280 MiB.*base fp32.*needs \d+ MiB/,
  ],
  [real({ instanceType: 'ml.p5.48xlarge' }), [tiny], /is no CPU type/],
  [real({ initialInstanceCount: 0 }), [tiny], /initialInstanceCount is 0/],
  [real({ workers: 65 }), [tiny], /workers is 65; it must be a whole number from 1 to 64/],
  [real({ workers: 60 }), [tiny], /60 inference processes needs/],
  [real({ scaling: { maxInstanceCount: 1, minInstanceCount: 2 } }), [tiny], /minInstanceCount is 2/],
  [real({ scaling: { maxInstanceCount: 2, minInstanceCount: 0 } }), [tiny], /cannot shrink to nothing/],
  [
    real({ initialInstanceCount: 5, scaling: { maxInstanceCount: 2 } }),
    [tiny],
    /must lie within the scaling bounds/,
  ],
  [real({ scaling: { maxInstanceCount: 2, target: 0 } }), [tiny], /target is 0/],
  [real({ scaling: { maxInstanceCount: 2, tokensPerRequest: 0 } }), [tiny], /tokensPerRequest is 0/],
  [real({ instanceType: 'ml.t2.large', scaling: { maxInstanceCount: 2 } }), [tiny], /burstable/],
  [
    real({ scaling: { maxInstanceCount: 2, schedule: { night: {} } } }),
    [tiny],
    /schedule\.night changes neither/,
  ],
  [real({ dataCapture: { samplingPercentage: 0 } }), [tiny], /samplingPercentage is 0/],
  [
    real({ trafficShift: { strategy: 'linear', stepPercentage: 5 } }),
    [tiny],
    /stepPercentage is 5; .* 10 to 50/,
  ],
  [
    real({ trafficShift: { strategy: 'canary', stepPercentage: 60 } }),
    [tiny],
    /stepPercentage is 60; .* 1 to 50/,
  ],
  [
    real({ trafficShift: { strategy: 'all-at-once', stepPercentage: 10 } }),
    [tiny],
    /no meaning with all-at-once/,
  ],
  [
    real({ trafficShift: { strategy: 'canary' } }),
    [tiny],
    /trafficShift is canary on a fleet that starts with 1 instance; .* start with 2 or more/,
  ],
  [
    real({ trafficShift: { strategy: 'canary', interval: Duration.hours(2) } }),
    [tiny],
    /interval in seconds is 7200/,
  ],
  [{ mode: 'serverless', maxConcurrency: 201 }, [tiny], /maxConcurrency is 201/],
  [{ mode: 'serverless', provisionedConcurrency: 6 }, [tiny], /provisionedConcurrency is 6; .* 1 to 5/],
  [{ mode: 'serverless', memorySizeInMb: 1024 }, [base], /memorySizeInMb 1024; base fp32.*needs \d+ MiB/],
  [
    { mode: 'asynchronous', minInstanceCount: 3, maxInstanceCount: 2 },
    [tiny],
    /minInstanceCount is 3; .* 0 to 2/,
  ],
  [{ mode: 'asynchronous', instanceType: 'ml.t2.large' }, [tiny], /burstable/],
  [{ mode: 'asynchronous', maxConcurrentInvocationsPerInstance: 0 }, [tiny], /Invocations.* is 0/],
  [{ mode: 'asynchronous', backlogPerInstance: 0 }, [tiny], /backlogPerInstance is 0/],
  [
    { mode: 'inference-components', vcpusPerCopy: 9 },
    [tiny],
    /vcpusPerCopy is 9; it must be from 0\.25 to the 2 vCPUs/,
  ],
  [
    { mode: 'inference-components', minCopyCount: 5, maxCopyCount: 4 },
    [tiny],
    /minCopyCount is 5; .* 0 to 4/,
  ],
  [{ mode: 'inference-components', concurrencyPerCopy: 0 }, [tiny], /concurrencyPerCopy is 0/],
  [
    { mode: 'multi-model', instanceType: 'ml.c8g.medium' },
    [turbo, tiny],
    /turbo int8.* and tiny int8.*needs/,
  ],
])('%j is refused', (hosting, models, message) => {
  expect(() => planOf(hosting, models)).toThrow(message);
});

test('every fault of a mode is named at once', () => {
  expect(() =>
    planOf({ mode: 'serverless', memorySizeInMb: 1024, maxConcurrency: 201, provisionedConcurrency: 202 }, [
      base,
    ]),
  ).toThrow(/3 faults\n.*memorySizeInMb 1024.*\n.*maxConcurrency is 201.*\n.*provisionedConcurrency is 202/);
});

describe('a setting that the mode does not know is refused, never ignored', () => {
  const strange = (mode: HostingMode, settings: object) => () =>
    planOf({ mode, ...settings } as Hosting, [tiny]);

  test.each<[HostingMode, object, RegExp]>([
    [
      'serverless',
      { network: {} },
      /hosting.network has no meaning with serverless, since SageMaker refuses a VPC/,
    ],
    [
      'serverless',
      { volumeKey: {} },
      /hosting.volumeKey has no meaning with serverless, since SageMaker has no volume/,
    ],
    [
      'asynchronous',
      { scaling: {} },
      /hosting.scaling has no meaning with asynchronous; it belongs to real-time, multi/,
    ],
    [
      'asynchronous',
      { shadow: {} },
      /hosting.shadow has no meaning with asynchronous; it belongs to real-time$/m,
    ],
    [
      'multi-model',
      { dataCapture: {} },
      /hosting.dataCapture has no meaning with multi-model, where SageMaker records/,
    ],
    [
      'inference-components',
      { trafficShift: {} },
      /hosting.trafficShift has no meaning with inference-components/,
    ],
    [
      'real-time',
      { provisionedConcurrency: 2 },
      /hosting.provisionedConcurrency .* it belongs to serverless/,
    ],
    ['real-time', { instancetype: 'ml.c7i.large' }, /hosting.instancetype is no setting/],
  ])('%s with %j', (mode, settings, message) => expect(strange(mode, settings)).toThrow(message));

  test('nor is a mode that there is not, or several models where one is served', () => {
    expect(strange('realtime' as HostingMode, {})).toThrow(
      /hosting.mode is "realtime"; it must be one of real-time, serverless/,
    );
    const models = [RerankerModel.embedded()];
    expect(
      () =>
        new RerankerEndpoint(emptyStack(), 'Reranker', {
          models,
          hosting: { mode: 'real-time' } as unknown as ManyModelHosting,
        }),
    ).toThrow(
      /models has no meaning with real-time, which serves one: give model; multi-model and inference-components/,
    );
  });

  test('nor is one image for two platforms', () => {
    const stack = emptyStack();
    const image = RerankerImage.fromRepository(
      Repository.fromRepositoryName(stack, 'Images', 'rerankers'),
      'v1',
    );
    const other = { name: 'Arm', model: RerankerModel.embedded(), share: 0.5, instanceType: 'ml.c7g.large' };
    expect(
      () =>
        new RerankerEndpoint(stack, 'Reranker', {
          image,
          hosting: { mode: 'real-time', instanceType: 'ml.c7i.large', others: [other] },
        }),
    ).toThrow(/image is of one platform, and the variants run on ml.c7i.large and ml.c7g.large/);
  });

  test('what is not given is no fault', () => {
    expect(strange('serverless', { network: undefined })).not.toThrow();
  });
});
