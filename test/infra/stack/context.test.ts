import { readContext } from '@sagemaker-reranker/infra';
import { resourceName } from '../../../infra/src/model/reranker-model.js';
import { modelDirectory, removeFixtures } from '../support/fixtures.js';
import { testApp } from '../support/stacks.js';

afterAll(removeFixtures);

const read = (context: Record<string, unknown>) => readContext(testApp(context).node);

test('without any context: the embedded variant, real-time, environment dev', () => {
  expect(read({})).toEqual({
    names: ['embedded'],
    variants: ['embedded'],
    modelDirectories: [],
    hosting: { mode: 'real-time' },
    image: { kind: 'local' },
    isolatedNetwork: false,
    availabilityZones: [],
    ownKey: false,
    consumers: [],
    environment: 'dev',
    tags: {},
  });
});

test('every key, as -c gives it', () => {
  expect(
    read({
      variant: 'tiny',
      modelDirectory: '/models/tiny',
      hosting: 'real-time',
      instanceType: 'ml.c7g.xlarge',
      workers: '2',
      minInstanceCount: '1',
      maxInstanceCount: '6',
      dataCapturePercentage: '5',
      image: 'rerankers/jina:v1.2',
      isolatedNetwork: 'true',
      availabilityZones: 'eu-west-1a,eu-west-1b',
      ownKey: 'true',
      alarmEmail: 'oncall@example.com',
      usdPerInstanceHour: '0.174',
      consumers: 'function,api',
      environment: 'staging',
      tags: 'team=search, cost=42=x',
    }),
  ).toEqual({
    names: ['tiny'],
    variants: ['tiny'],
    modelDirectories: ['/models/tiny'],
    hosting: {
      mode: 'real-time',
      instanceType: 'ml.c7g.xlarge',
      workers: 2,
      scaling: { minInstanceCount: 1, maxInstanceCount: 6 },
      dataCapture: { samplingPercentage: 5 },
    },
    image: { kind: 'repository', repository: 'rerankers/jina', tagOrDigest: 'v1.2' },
    isolatedNetwork: true,
    availabilityZones: ['eu-west-1a', 'eu-west-1b'],
    ownKey: true,
    alarmEmail: 'oncall@example.com',
    usdPerInstanceHour: 0.174,
    consumers: ['function', 'api'],
    environment: 'staging',
    tags: { team: 'search', cost: '42=x' },
  });
});

test.each([
  [
    { hosting: 'serverless', memorySizeInMb: '2048', maxConcurrency: '20', provisionedConcurrency: 2 },
    { mode: 'serverless', memorySizeInMb: 2048, maxConcurrency: 20, provisionedConcurrency: 2 },
  ],
  [
    { hosting: 'asynchronous', minInstanceCount: 0, maxInstanceCount: 4 },
    { mode: 'asynchronous', minInstanceCount: 0, maxInstanceCount: 4 },
  ],
  [
    { hosting: 'multi-model', initialInstanceCount: 2, maxInstanceCount: 4 },
    { mode: 'multi-model', initialInstanceCount: 2, scaling: { maxInstanceCount: 4 } },
  ],
  [
    { hosting: 'inference-components', minCopyCount: 1, maxCopyCount: 3 },
    { mode: 'inference-components', minCopyCount: 1, maxCopyCount: 3 },
  ],
])('%j', (context, hosting) => {
  expect(read(context).hosting).toEqual(hosting);
});

test('several variants with their directories, in order, as lists or as text', () => {
  const expected = { variants: ['turbo', 'tiny'], modelDirectories: ['/m/turbo', '/m/tiny'] };
  const hosting = 'multi-model';
  expect(read({ hosting, variant: 'turbo,tiny', modelDirectory: '/m/turbo, /m/tiny' })).toMatchObject(
    expected,
  );
  expect(
    read({ hosting, variant: ['turbo', 'tiny'], modelDirectory: ['/m/turbo', '/m/tiny'] }),
  ).toMatchObject(expected);
});

test('model directories alone say what they hold; a name of theirs is made one of AWS', () => {
  const own = modelDirectory(undefined);
  expect(read({ modelDirectory: own })).toMatchObject({
    names: ['own'],
    variants: [],
    modelDirectories: [own],
  });
  const several = { hosting: 'multi-model', modelDirectory: [modelDirectory('turbo'), own] };
  expect(read(several).names).toEqual(['turbo', 'own']);
  expect(() => read({ modelDirectory: '/nonexistent' })).toThrow('no model directory at /nonexistent');
  expect(() => read({ modelDirectory: [own, own] })).toThrow(
    'modelDirectory names 2; hosting=real-time serves one',
  );
  expect(resourceName('Our Model_v2/large')).toBe('our-model-v2-large');
});

test('tags as an object, as cdk.json gives them', () => {
  expect(read({ tags: { team: 'search' } }).tags).toEqual({ team: 'search' });
});

test.each([
  [{ variant: 'large' }, 'variant is "large"; it must be one of base, turbo, tiny, embedded'],
  [{ variant: 'turbo' }, 'modelDirectory names 0 for turbo; each variant needs the directory'],
  [{ variant: 'turbo,tiny', modelDirectory: 'a,b' }, 'variant names 2; hosting=real-time serves one'],
  [
    { hosting: 'multi-model', variant: 'turbo,tiny', modelDirectory: 'a' },
    'modelDirectory names 1 for turbo, tiny',
  ],
  [{ hosting: 'batch' }, 'hosting is "batch"; it must be one of real-time, serverless, asynchronous'],
  [
    { hosting: 'serverless', instanceType: 'ml.c7i.large' },
    'instanceType has no meaning with hosting=serverless',
  ],
  [
    { hosting: 'serverless', isolatedNetwork: true },
    'isolatedNetwork has no meaning with hosting=serverless, since SageMaker refuses a VPC there',
  ],
  [{ hosting: 'serverless', ownKey: true }, 'SageMaker has no volume there to encrypt'],
  [{ availabilityZones: 'eu-west-1a' }, 'availabilityZones has no meaning without isolatedNetwork=true'],
  [
    {
      environment: 'a-long-environment1',
      hosting: 'inference-components',
      variant: 'base,turbo,tiny,embedded',
      modelDirectory: 'a,b,c,d',
    },
    'SageMaker takes 63: shorten environment',
  ],
  [{ hosting: 'serverless', memorySizeInMb: 1000 }, 'memorySizeInMb is 1000; it must be one of 1024'],
  [{ hosting: 'asynchronous', dataCapturePercentage: 5 }, 'dataCapturePercentage has no meaning with'],
  [
    { memorySizeInMb: 1024 },
    'memorySizeInMb has no meaning with hosting=real-time; it belongs to serverless',
  ],
  [{ maxCopyCount: 2 }, 'it belongs to inference-components'],
  [{ minInstanceCount: 1 }, 'minInstanceCount is given without maxInstanceCount'],
  [{ initialInstanceCount: 'two' }, 'initialInstanceCount is "two"; it must be a number'],
  [{ isolatedNetwork: 'yes' }, 'isolatedNetwork is "yes"; it must be true or false'],
  [{ alarmEmail: 'oncall' }, 'alarmEmail is "oncall"; it must be an address'],
  [{ consumers: 'lambda' }, 'consumers names "lambda"; it may hold function, api, batch'],
  [{ environment: 'Prod!' }, 'environment is "Prod!"; it must be 1 to 20 lower-case letters'],
  [{ environment: { name: 'prod' } }, 'environment must be text'],
  [{ image: 'rerankers' }, 'image is "rerankers"; it must be local, codebuild, or REPOSITORY:TAG'],
  [
    { instanceType: 'ml.c7g.large', image: 'rerankers:v1', consumers: 'batch' },
    'image is one image, for ml.c7g.large, which is Graviton, and consumers=batch runs on x86-64',
  ],
  [{ tags: ['a'] }, 'tags must be an object of strings'],
  [{ tags: 'novalue' }, 'tags must be an object of strings'],
  [{ tags: { count: 3 } }, 'tags must be an object of strings'],
])('%j is refused', (context, message) => {
  expect(() => read(context)).toThrow(message);
});

test('one message names every key at fault', () => {
  expect(() => read({ variant: 'large', hosting: 'batch', environment: '1' })).toThrow(
    /^cdk\.json context: 3 faults\n/,
  );
});
