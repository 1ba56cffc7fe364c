import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { search } from 'jmespath';
import { CONFIGS_QUERY, configBefore } from '../../../cli/src/rehearse/steps/roll-back.js';

const page = readFileSync(path.resolve(__dirname, '../../../docs/runbook.md'), 'utf8');

/** Queries of a command on the page, in order. */
function queries(command: string): string[] {
  const found = [
    ...page.matchAll(/aws ([a-z-]+ [a-z-]+)(?:[^\n]|\\\n)*?--query\s*(?:\\\n)?\s*(["'])((?:(?!\2).)+)\2/g),
  ];
  return found.filter(([, name]) => name === command).map(([, , , query]) => query!);
}

const event = (
  ResourceType: string,
  LogicalResourceId: string,
  PhysicalResourceId: string,
  ResourceStatus: string,
  minute: number,
) => ({
  StackId: 'arn:aws:cloudformation:eu-west-1:111122223333:stack/reranker-prod-tiny/1',
  EventId: `${LogicalResourceId}-${ResourceStatus}-${minute}`,
  StackName: 'reranker-prod-tiny',
  LogicalResourceId,
  PhysicalResourceId,
  ResourceType,
  Timestamp: `2026-11-25T10:${String(minute).padStart(2, '0')}:00.000Z`,
  ResourceStatus,
});
const CONFIG = 'AWS::SageMaker::EndpointConfig';
const ROLE = 'AWS::IAM::Role';
/** How CloudFormation's schema of a type identifies a resource, which is its physical id: by its ARN or its name. */
const identified = (type: string): string =>
  String(
    loadAwsServiceSpecSync().lookup('resource', 'cloudFormationType', 'equals', type).only()
      .primaryIdentifier,
  );
const config = (name: string) => `arn:aws:sagemaker:eu-west-1:111122223333:endpoint-config/${name}`;
/**
 * Events of a stack that was made and then updated once with a new config that replaces the first, newest first, as
 * DescribeStackEvents answers: a replacement is UPDATE_IN_PROGRESS (twice, once without its new name) and UPDATE_COMPLETE of
 * the logical resource; the old one is kept, so it is DELETE_SKIPPED in the clean-up.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
 */
const events = {
  StackEvents: [
    event('AWS::CloudFormation::Stack', 'reranker-prod-tiny', 'arn', 'UPDATE_COMPLETE', 42),
    event(CONFIG, 'RerankerConfig', config('Config-old'), 'DELETE_SKIPPED', 41),
    event(ROLE, 'RerankerRole', 'Role-old', 'DELETE_SKIPPED', 41),
    event(
      'AWS::CloudFormation::Stack',
      'reranker-prod-tiny',
      'arn',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      40,
    ),
    event('AWS::SageMaker::Endpoint', 'RerankerEndpoint', 'endpoint', 'UPDATE_COMPLETE', 39),
    event(CONFIG, 'RerankerConfig', config('Config-new'), 'UPDATE_COMPLETE', 30),
    event(CONFIG, 'RerankerConfig', config('Config-new'), 'UPDATE_IN_PROGRESS', 29),
    event(CONFIG, 'RerankerConfig', config('Config-old'), 'UPDATE_IN_PROGRESS', 28),
    event(CONFIG, 'RerankerConfig', config('Config-old'), 'CREATE_COMPLETE', 10),
    event(CONFIG, 'RerankerConfig', config('Config-old'), 'CREATE_IN_PROGRESS', 9),
    event(CONFIG, 'RerankerConfig', '', 'CREATE_IN_PROGRESS', 8),
  ],
};

/**
 * The same stack after a third deployment that an alarm took back: the config of the third was made, and then the logical resource
 * is updated again, to the one before; the third is deleted in the clean-up.
 */
const STACK = 'AWS::CloudFormation::Stack';
const afterRollBack = {
  StackEvents: [
    event(STACK, 'reranker-prod-tiny', 'arn', 'UPDATE_ROLLBACK_COMPLETE', 58),
    event(CONFIG, 'RerankerConfig', config('Config-bad'), 'DELETE_COMPLETE', 57),
    event(STACK, 'reranker-prod-tiny', 'arn', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 56),
    event('AWS::SageMaker::Endpoint', 'RerankerEndpoint', 'endpoint', 'UPDATE_COMPLETE', 55),
    event(CONFIG, 'RerankerConfig', config('Config-new'), 'UPDATE_COMPLETE', 54),
    event(STACK, 'reranker-prod-tiny', 'arn', 'UPDATE_ROLLBACK_IN_PROGRESS', 53),
    event('AWS::SageMaker::Endpoint', 'RerankerEndpoint', 'endpoint', 'UPDATE_FAILED', 52),
    event(CONFIG, 'RerankerConfig', config('Config-bad'), 'UPDATE_COMPLETE', 51),
    event(CONFIG, 'RerankerConfig', config('Config-new'), 'UPDATE_IN_PROGRESS', 50),
    ...events.StackEvents,
  ],
};

/** What the API reference of each command shows. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'sagemaker describe-endpoint': {
    EndpointName: 'n',
    EndpointStatus: 'InService',
    EndpointConfigName: 'Config-new',
    FailureReason: 'none',
  },
  'cloudwatch describe-alarms': {
    MetricAlarms: [{ AlarmName: 'a', StateReason: 'threshold crossed', StateValue: 'ALARM' }],
    CompositeAlarms: [],
  },
  'cloudformation describe-stack-events': events,
  'service-quotas list-service-quotas': {
    Quotas: [
      { ServiceCode: 'sagemaker', QuotaName: 'ml.c6i.large for endpoint usage', QuotaCode: 'L-1', Value: 0 },
    ],
  },
  'ecr batch-get-image': {
    images: [{ imageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json' }],
    failures: [],
  },
};

test('every query of the page finds something in what AWS answers', () => {
  for (const [command, answer] of Object.entries(ANSWERS)) {
    const asked = queries(command);
    expect([command, asked.length]).toEqual([command, expect.any(Number)]);
    expect(asked.length).toBeGreaterThan(0);
    for (const query of asked) {
      const found = JSON.stringify(search(answer, query));
      expect([query, found]).not.toEqual([query, expect.stringMatching(/^(\[\]|null|\[null.*\])$/)]);
    }
  }
});

/** What a command on the page prints with `--output text`: a query's rows, through the `sed` that follows. */
function printed(answer: unknown, query: string): string[][] {
  const [, pipe] = /\| (sed .+)$/m.exec(page.slice(page.indexOf(query)).split('\n', 1)[0]!) ?? [];
  const text = (search(answer, query) as string[][]).map((row) => `${row.join('\t')}\n`).join('');
  const out = execFileSync('sh', ['-c', pipe!], { input: text, encoding: 'utf8' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
}

test('the fixture has the physical ids that CloudFormation gives', () => {
  expect([CONFIG, 'AWS::SageMaker::Model', ROLE].map(identified)).toEqual([
    'EndpointConfigArn',
    'ModelArn',
    'RoleName',
  ]);
});

test('the roll-back query prints the name of the config that serves and then of the one before', () => {
  const [query] = queries('cloudformation describe-stack-events');
  expect(query).toBe(CONFIGS_QUERY);
  expect(printed(events, query!).map(([, name]) => name)).toEqual(['Config-new', 'Config-old']);
});

test('a deployment that was rolled back stands between two lines of the config that serves, and is passed over', () => {
  const [query] = queries('cloudformation describe-stack-events');
  const names = printed(afterRollBack, query!).map(([, name]) => name!);
  expect(names).toEqual(['Config-new', 'Config-bad', 'Config-new', 'Config-old']);
  expect(configBefore(names)).toBe('Config-old');
  expect(configBefore(['Config-new'])).toBeUndefined();
});

test('the query for old generations prints the names of those that were let go of', () => {
  const [, skipped] = queries('cloudformation describe-stack-events');
  expect(printed(events, skipped!).map((row) => row.at(-1))).toEqual(['Config-old', 'Role-old']);
});
