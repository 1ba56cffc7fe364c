import { readFileSync } from 'node:fs';
import path from 'node:path';
import { search } from 'jmespath';
import { CONFIGS_QUERY } from '../../../cli/src/rehearse/steps/roll-back.js';

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
/**
 * Events of a stack that was made and then updated once with a new config that replaces the first, newest first, as
 * DescribeStackEvents answers: a replacement is UPDATE_IN_PROGRESS (twice, once without its new name) and UPDATE_COMPLETE of
 * the logical resource; the old one is kept, so it is DELETE_SKIPPED in the clean-up.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
 */
const events = {
  StackEvents: [
    event('AWS::CloudFormation::Stack', 'reranker-prod-tiny', 'arn', 'UPDATE_COMPLETE', 42),
    event(CONFIG, 'RerankerConfig', 'Config-old', 'DELETE_SKIPPED', 41),
    event(
      'AWS::CloudFormation::Stack',
      'reranker-prod-tiny',
      'arn',
      'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
      40,
    ),
    event('AWS::SageMaker::Endpoint', 'RerankerEndpoint', 'endpoint', 'UPDATE_COMPLETE', 39),
    event(CONFIG, 'RerankerConfig', 'Config-new', 'UPDATE_COMPLETE', 30),
    event(CONFIG, 'RerankerConfig', 'Config-new', 'UPDATE_IN_PROGRESS', 29),
    event(CONFIG, 'RerankerConfig', 'Config-old', 'UPDATE_IN_PROGRESS', 28),
    event(CONFIG, 'RerankerConfig', 'Config-old', 'CREATE_COMPLETE', 10),
    event(CONFIG, 'RerankerConfig', 'Config-old', 'CREATE_IN_PROGRESS', 9),
    event(CONFIG, 'RerankerConfig', '', 'CREATE_IN_PROGRESS', 8),
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
      { ServiceCode: 'sagemaker', QuotaName: 'ml.c7i.large for endpoint usage', QuotaCode: 'L-1', Value: 0 },
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

test('the roll-back query names the config that serves and then the one before', () => {
  const [query] = queries('cloudformation describe-stack-events');
  const rows = search(events, query!) as [string, string][];
  expect(rows.map(([, name]) => name)).toEqual(['Config-new', 'Config-old']);
  expect(search(events, CONFIGS_QUERY)).toEqual(rows);
});

test('the query for old generations names the one that was let go of', () => {
  const [, skipped] = queries('cloudformation describe-stack-events');
  expect((search(events, skipped!) as string[][]).map((row) => row.at(-1))).toEqual(['Config-old']);
});
