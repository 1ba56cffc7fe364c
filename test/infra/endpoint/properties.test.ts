import { Duration } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Template } from 'aws-cdk-lib/assertions';
import fc from 'fast-check';
import {
  type Hosting,
  type InstanceSettings,
  RerankerEndpoint,
  RerankerNetwork,
  SERVERLESS_MEMORY_MB,
  type TrafficShift,
  instanceType,
  instanceTypes,
} from '@sagemaker-reranker/infra';
import { removeFixtures } from '../support/fixtures.js';
import { nagFindings } from '../support/nag.js';
import { emptyStack, propsFor } from '../support/stacks.js';

afterAll(removeFixtures);

type Settings = { hosting: Hosting; withKey: boolean; withNetwork: boolean };

// Types that hold two models and can be scaled.
const roomy = instanceTypes()
  .filter((type) => type.memoryMib >= 4096 && !type.burstable)
  .map((type) => type.name);

// SageMaker takes no key for volumes on types with local disks, such as c5d.
const localDisks = (type: string) => /\dg?d\./.test(type);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const instances = fc.record({
  instanceType: fc.constantFrom(...roomy),
  networkIsolation: optional(fc.boolean()),
}) satisfies fc.Arbitrary<InstanceSettings>;
const shift = (instances: number): fc.Arbitrary<TrafficShift> =>
  instances > 1 ? fc.oneof(parts, allAtOnce) : allAtOnce;
const allAtOnce = fc.constant({ strategy: 'all-at-once' as const });
const parts: fc.Arbitrary<TrafficShift> = fc.oneof(
  fc.record({
    strategy: fc.constantFrom('canary' as const, 'linear' as const),
    stepPercentage: optional(fc.integer({ min: 10, max: 50 })),
    interval: optional(fc.integer({ min: 0, max: 3600 }).map((seconds) => Duration.seconds(seconds))),
  }),
);
const fleet = fc
  .record({ min: fc.integer({ min: 1, max: 4 }), more: fc.integer({ min: 0, max: 4 }), scaled: fc.boolean() })
  .chain(({ min, more, scaled }) =>
    fc.record({
      initialInstanceCount: fc.constant(min),
      scaling: fc.constant(scaled ? { minInstanceCount: min, maxInstanceCount: min + more } : undefined),
      trafficShift: optional(shift(min)),
    }),
  );
const bounds = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 4 }))
  .map(([min, more]) => ({ minInstanceCount: min, maxInstanceCount: min + more }));

const hostings: fc.Arbitrary<Hosting> = fc.oneof(
  fc
    .tuple(instances, fleet, optional(fc.integer({ min: 1, max: 100 })))
    .map(([a, b, samplingPercentage]): Hosting => ({
      mode: 'real-time',
      ...a,
      ...b,
      dataCapture: samplingPercentage === undefined ? undefined : { samplingPercentage },
    })),
  fc.tuple(instances, fleet).map(([a, b]): Hosting => ({ mode: 'multi-model', ...a, ...b })),
  fc.tuple(instances, bounds).map(([a, b]): Hosting => ({ mode: 'asynchronous', ...a, ...b })),
  fc.tuple(instances, bounds).map(([a, b]): Hosting => ({ mode: 'inference-components', ...a, ...b })),
  fc
    .record({
      memorySizeInMb: fc.constantFrom(...SERVERLESS_MEMORY_MB),
      maxConcurrency: fc.integer({ min: 1, max: 200 }),
    })
    .map((settings): Hosting => ({ mode: 'serverless', ...settings })),
);
const settings: fc.Arbitrary<Settings> = fc.record({
  hosting: hostings,
  withKey: fc.boolean(),
  withNetwork: fc.boolean(),
});

test('every legal combination synthesizes, passes schema validation and the AWS Solutions rules, on the right platform', () => {
  fc.assert(
    fc.property(settings, ({ hosting, withKey, withNetwork }) => {
      const stack = emptyStack();
      const placed =
        hosting.mode === 'serverless'
          ? hosting
          : {
              ...hosting,
              volumeKey:
                withKey && !localDisks(hosting.instanceType!)
                  ? new Key(stack, 'Key', { enableKeyRotation: true })
                  : undefined,
              network: withNetwork ? new RerankerNetwork(stack, 'Network').placement : undefined,
            };
      new RerankerEndpoint(stack, 'Reranker', propsFor(placed));
      const template = Template.fromStack(stack);
      template.resourceCountIs('AWS::SageMaker::Endpoint', 1);
      expect(nagFindings(stack)).toEqual([]);
      if (hosting.mode !== 'serverless') {
        expect(instanceType(hosting.instanceType!).architecture).toBe(
          /^ml\.[a-z]\d+g/.test(hosting.instanceType!) ? 'arm64' : 'x86_64',
        );
      }
    }),
    { numRuns: 20 },
  );
});
