import {
  at,
  changeFirst,
  endpointRole,
  flat,
  inner,
  list,
  ofType,
  statementsOf,
  type Deployment,
  type Json,
  type Rule,
} from './deployment.js';

const ALARM = 'AWS::CloudWatch::Alarm';
const guide = 'https://docs.aws.amazon.com/sagemaker/latest/dg';

const answersAtOnce = [
  'Invocations',
  'InvocationsPerInstance',
  'Invocation4XXErrors',
  'Invocation5XXErrors',
  'InvocationModelErrors',
  'ModelLatency',
  'OverheadLatency',
];
/** Metrics of a variant, by EndpointName and VariantName, as the pages of each mode list them. */
const BY_VARIANT: Record<Deployment['mode'], readonly string[]> = {
  'real-time': answersAtOnce,
  'multi-model': answersAtOnce,
  'inference-components': answersAtOnce,
  serverless: [
    'Invocations',
    'Invocation4XXErrors',
    'Invocation5XXErrors',
    'ModelLatency',
    'OverheadLatency',
    'ModelSetupTime',
    'ServerlessConcurrentExecutionsUtilization',
  ],
  asynchronous: [
    'Invocation4XXErrors',
    'Invocation5XXErrors',
    'ModelLatency',
    'InvocationFailures',
    'TimeInBacklog',
    'TotalProcessingTime',
    'RequestDownloadFailures',
    'ResponseUploadFailures',
    'NotificationFailures',
    'ExpiredRequests',
  ],
};
/** Metrics of an asynchronous endpoint's queue, by EndpointName alone. */
const OF_QUEUE = [
  'ApproximateBacklogSize',
  'ApproximateBacklogSizePerInstance',
  'ApproximateAgeOfOldestRequest',
  'HasBacklogWithoutCapacity',
];

interface Watched {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: readonly string[];
}

function alarmMetrics({ Properties }: { readonly Properties: Json }): Watched[] {
  const of = (metric: Json): Watched => ({
    namespace: flat(metric.Namespace),
    name: flat(metric.MetricName),
    dimensions: list(metric.Dimensions).map((dimension) => flat(at(dimension, 'Name'))),
  });
  if (Properties.MetricName !== undefined) return [of(Properties)];
  return list(Properties.Metrics).flatMap((each) => {
    const metric = at(each, 'MetricStat', 'Metric') as Json | undefined;
    return metric ? [of(metric)] : [];
  });
}

/** Metrics that a dashboard shows: `[namespace, name, dimension, value, ..., options]`. */
function shownMetrics(deployment: Deployment): Watched[] {
  return ofType(deployment, 'AWS::CloudWatch::Dashboard').flatMap(([, { Properties }]) =>
    list(inner(Properties.DashboardBody).widgets)
      .flatMap((widget) => list(at(widget, 'properties', 'metrics')))
      .flatMap((row) => {
        const [namespace, name, ...rest] = (row as unknown[]).filter((each) => typeof each === 'string');
        if (namespace === undefined) return [];
        return [
          {
            namespace: String(namespace),
            name: String(name),
            dimensions: rest.filter((_, i) => i % 2 === 0).map(String),
          },
        ];
      }),
  );
}

function unpublished(mode: Deployment['mode'], { namespace, name, dimensions }: Watched): string[] {
  const has = (...names: string[]) => [...dimensions].sort().join() === names.sort().join();
  if (namespace === 'AWS/SageMaker') {
    const ok =
      (BY_VARIANT[mode].includes(name) && has('EndpointName', 'VariantName')) ||
      (mode === 'asynchronous' && OF_QUEUE.includes(name) && has('EndpointName')) ||
      (mode === 'inference-components' &&
        name === 'NoCapacityInvocationFailures' &&
        has('InferenceComponentName'));
    return ok ? [] : [`${name} by ${dimensions.join(', ')} is not published with ${mode}`];
  }
  if (namespace === '/aws/sagemaker/Endpoints') {
    const known =
      mode === 'serverless'
        ? ['MemoryUtilization']
        : ['CPUUtilization', 'MemoryUtilization', 'DiskUtilization'];
    return known.includes(name) && has('EndpointName', 'VariantName')
      ? []
      : [`${namespace} has no ${name} with ${mode}`];
  }
  return [];
}

/** Alarms that tell somebody; those of step scaling tell their policy. */
const own = (deployment: Deployment) =>
  ofType(deployment, ALARM).filter(([, { Properties }]) =>
    flat(Properties.AlarmDescription ?? '').includes('docs/runbook.md'),
  );

function actionTopics(deployment: Deployment): string[] {
  const topics = own(deployment).flatMap(([, { Properties }]) =>
    [...list(Properties.AlarmActions), ...list(Properties.OKActions)].map((action) => at(action, 'Ref')),
  );
  return [...new Set(topics.filter((topic) => typeof topic === 'string'))].filter(
    (topic) => deployment.resources[topic] !== undefined,
  );
}

const policyOf = (deployment: Deployment, topic: string) =>
  ofType(deployment, 'AWS::SNS::TopicPolicy').find(([, { Properties }]) =>
    list(Properties.Topics).some((each) => at(each, 'Ref') === topic),
  )?.[1];

const admission = (deployment: Deployment, topic: string) =>
  list(at(policyOf(deployment, topic), 'Properties', 'PolicyDocument', 'Statement')).find(
    (statement) =>
      at(statement, 'Effect') === 'Allow' &&
      list(at(statement, 'Action')).includes('sns:Publish') &&
      list(at(statement, 'Principal', 'Service')).includes('cloudwatch.amazonaws.com'),
  ) as Json | undefined;

const rollback = (deployment: Deployment) =>
  list(
    at(
      ofType(deployment, 'AWS::SageMaker::Endpoint')[0]?.[1],
      'Properties',
      'DeploymentConfig',
      'AutoRollbackConfiguration',
      'Alarms',
    ),
  ).map((alarm) => String(at(alarm, 'AlarmName', 'Ref')));

export const ALARM_RULES: readonly Rule[] = [
  {
    id: 'topic-admits-alarms',
    page: 'https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html',
    breaks: 'CloudWatch may not publish: no alarm reaches anybody, though the subscription is confirmed',
    check: (deployment) =>
      actionTopics(deployment).flatMap((topic) =>
        policyOf(deployment, topic) && !admission(deployment, topic) ? [`${topic} keeps CloudWatch out`] : [],
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::SNS::TopicPolicy', ({ PolicyDocument }) => {
        const before = list(at(PolicyDocument, 'Statement')) as Json[];
        (PolicyDocument as Json).Statement = before.filter(({ Effect }) => Effect === 'Deny');
        return actionTopics(deployment).length > 0;
      }),
  },
  {
    id: 'topic-admits-one-account',
    page: 'https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html',
    breaks: "another account's alarms are taken for ours",
    check: (deployment) =>
      actionTopics(deployment).flatMap((topic) => {
        const statement = admission(deployment, topic);
        return statement && at(statement, 'Condition', 'StringEquals', 'aws:SourceAccount') === undefined
          ? [`${topic} admits alarms of every account`]
          : [];
      }),
    violate: (deployment) =>
      actionTopics(deployment).some((topic) => {
        const statement = admission(deployment, topic);
        if (statement) delete statement.Condition;
        return statement !== undefined;
      }),
  },
  {
    id: 'topic-takes-tls-only',
    page: 'https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html',
    breaks: 'messages may travel in the clear',
    check: (deployment) =>
      ofType(deployment, 'AWS::SNS::Topic').flatMap(([id]) =>
        JSON.stringify(policyOf(deployment, id) ?? {}).includes('aws:SecureTransport')
          ? []
          : [`${id} takes plain HTTP`],
      ),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::SNS::TopicPolicy', ({ PolicyDocument }) => {
        (PolicyDocument as Json).Statement = [];
        return true;
      }),
  },
  {
    id: 'alarm-tells-somebody',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html',
    breaks: 'an alarm changes its colour and nobody knows',
    check: (deployment) =>
      ofType(deployment, ALARM).flatMap(([id, { Properties }]) =>
        list(Properties.AlarmActions).length > 0 ? [] : [`${id} has no action`],
      ),
    violate: (deployment) => changeFirst(deployment, ALARM, (alarm) => delete alarm.AlarmActions),
  },
  {
    id: 'alarm-metric-is-published',
    page: `${guide}/async-inference-monitor.html`,
    breaks: 'the alarm has no data and is never in alarm',
    check: (deployment) =>
      ofType(deployment, ALARM).flatMap(([id, alarm]) =>
        alarmMetrics(alarm).flatMap((metric) =>
          unpublished(deployment.mode, metric).map((fault) => `${id}: ${fault}`),
        ),
      ),
    violate: (deployment) =>
      changeFirst(deployment, ALARM, (alarm) => {
        if (alarm.MetricName === undefined) return false;
        alarm.Dimensions = [{ Name: 'EndpointName', Value: 'x' }];
        alarm.MetricName = 'InvocationFailures';
        alarm.Namespace = 'AWS/SageMaker';
        return true;
      }),
  },
  {
    id: 'graph-metric-is-published',
    page: `${guide}/serverless-endpoints-monitoring.html`,
    breaks: 'a graph of the dashboard stays empty for ever',
    check: (deployment) => [
      ...new Set(shownMetrics(deployment).flatMap((metric) => unpublished(deployment.mode, metric))),
    ],
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::CloudWatch::Dashboard', (dashboard) => {
        dashboard.DashboardBody = JSON.stringify({
          widgets: [{ properties: { metrics: [['AWS/SageMaker', 'Nothing', 'EndpointName', 'x']] } }],
        });
        return true;
      }),
  },
  {
    id: 'mode-has-its-main-alarm',
    page: `${guide}/serverless-endpoints-monitoring.html`,
    breaks:
      "the mode's main failure tells nobody: errors, or with serverless concurrency at its limit, or a stuck queue",
    check: (deployment) => {
      const watched = own(deployment).flatMap(([, alarm]) => alarmMetrics(alarm).map(({ name }) => name));
      const wanted = {
        'real-time': ['Invocation5XXErrors', 'InvocationModelErrors', 'ModelLatency', 'MemoryUtilization'],
        'multi-model': ['Invocation5XXErrors', 'InvocationModelErrors', 'ModelLatency', 'MemoryUtilization'],
        'inference-components': ['Invocation5XXErrors', 'InvocationModelErrors', 'ModelLatency'],
        serverless: ['Invocation5XXErrors', 'ServerlessConcurrentExecutionsUtilization', 'MemoryUtilization'],
        asynchronous: ['Invocation5XXErrors', 'InvocationFailures', 'ApproximateAgeOfOldestRequest'],
      }[deployment.mode];
      return wanted.filter((name) => !watched.includes(name)).map((name) => `nothing watches ${name}`);
    },
    violate: (deployment) => {
      for (const [id] of own(deployment)) Reflect.deleteProperty(deployment.resources, id);
      return true;
    },
  },
  {
    id: 'mode-has-its-main-graphs',
    page: `${guide}/serverless-endpoints-monitoring.html`,
    breaks: "who is paged sees no traffic, or not what holds the mode's requests up",
    check: (deployment) => {
      if (ofType(deployment, 'AWS::CloudWatch::Dashboard').length === 0) return [];
      const shown = shownMetrics(deployment).map(({ name }) => name);
      const onInstances = ['Invocations', 'ModelLatency', 'CPUUtilization', 'MemoryUtilization'];
      const wanted = {
        'real-time': onInstances,
        'multi-model': onInstances,
        'inference-components': onInstances,
        serverless: ['Invocations', 'ModelLatency', 'ServerlessConcurrentExecutionsUtilization'],
        asynchronous: ['ModelLatency', 'ApproximateBacklogSize', 'ApproximateAgeOfOldestRequest'],
      }[deployment.mode];
      return wanted.filter((name) => !shown.includes(name)).map((name) => `nothing shows ${name}`);
    },
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::CloudWatch::Dashboard', (dashboard) => {
        dashboard.DashboardBody = JSON.stringify({ widgets: [] });
        return true;
      }),
  },
  {
    id: 'alarm-reach-within-a-day',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html',
    breaks: 'PutMetricAlarm refuses periods that add up to more than a day',
    check: (deployment) =>
      ofType(deployment, ALARM).flatMap(([id, { Properties }]) => {
        const period = Number(Properties.Period ?? at(Properties.Metrics, 0, 'Period') ?? 60);
        const reach = period * Number(Properties.EvaluationPeriods);
        return reach > 0 && reach <= 86_400 ? [] : [`${id} looks at ${reach} s`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, ALARM, (alarm) => {
        alarm.EvaluationPeriods = 100_000;
        return true;
      }),
  },
  {
    id: 'alarm-datapoints-within-periods',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html',
    breaks: 'PutMetricAlarm refuses more datapoints than periods',
    check: (deployment) =>
      ofType(deployment, ALARM).flatMap(([id, { Properties }]) =>
        Number(Properties.DatapointsToAlarm ?? 1) <= Number(Properties.EvaluationPeriods)
          ? []
          : [`${id} asks for too many`],
      ),
    violate: (deployment) =>
      changeFirst(deployment, ALARM, (alarm) => {
        alarm.DatapointsToAlarm = 500;
        return true;
      }),
  },
  {
    id: 'alarm-sleeps-without-traffic',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html',
    breaks: 'an endpoint that nobody calls, or that has shrunk to nothing, raises an alarm',
    check: (deployment) =>
      own(deployment).flatMap(([id, { Properties }]) =>
        Properties.TreatMissingData === 'notBreaching' ? [] : [`${id} breaches without data`],
      ),
    violate: (deployment) =>
      changeFirst(deployment, ALARM, (alarm) => {
        if (alarm.TreatMissingData === undefined) return false;
        alarm.TreatMissingData = 'breaching';
        return true;
      }),
  },
  {
    id: 'alarm-concurrency-at-its-limit',
    page: `${guide}/serverless-endpoints-monitoring.html`,
    breaks: 'the utilization is a part of 1: a threshold in per cent is never reached',
    check: (deployment) =>
      own(deployment).flatMap(([id, { Properties }]) =>
        Properties.MetricName === 'ServerlessConcurrentExecutionsUtilization' &&
        Number(Properties.Threshold) > 1
          ? [`${id} waits for ${flat(Properties.Threshold)}`]
          : [],
      ),
    violate: (deployment) =>
      changeFirst(deployment, ALARM, (alarm) => {
        if (alarm.MetricName !== 'ServerlessConcurrentExecutionsUtilization') return false;
        alarm.Threshold = 90;
        return true;
      }),
  },
  {
    id: 'rollback-watches-at-most-ten',
    page: 'https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AutoRollbackConfig.html',
    breaks: 'UpdateEndpoint refuses more than 10 alarms',
    check: (deployment) => (rollback(deployment).length > 10 ? ['more than 10 alarms'] : []),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::SageMaker::Endpoint', ({ DeploymentConfig }) => {
        if (!DeploymentConfig) return false;
        (DeploymentConfig as Json).AutoRollbackConfiguration = {
          Alarms: Array.from({ length: 11 }, (_, i) => ({ AlarmName: { Ref: String(i) } })),
        };
        return true;
      }),
  },
  {
    id: 'rollback-watches-what-a-deployment-breaks',
    page: `${guide}/deployment-guardrails-configuration.html`,
    breaks: 'a bad deployment stays, or a busy machine takes a good one back',
    check: (deployment) => {
      const names = rollback(deployment).flatMap((id) =>
        alarmMetrics(deployment.resources[id] ?? { Properties: {} }).map(({ name }) => name),
      );
      const shifted = at(
        ofType(deployment, 'AWS::SageMaker::Endpoint')[0]?.[1],
        'Properties',
        'DeploymentConfig',
      );
      if (shifted === undefined) return [];
      return [
        ...['Invocation5XXErrors', 'ModelLatency']
          .filter((name) => !names.includes(name))
          .map((name) => `no ${name}`),
        ...names
          .filter((name) => name.endsWith('Utilization'))
          .map((name) => `${name} is no fault of a deployment`),
      ];
    },
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::SageMaker::Endpoint', ({ DeploymentConfig }) =>
        DeploymentConfig ? delete (DeploymentConfig as Json).AutoRollbackConfiguration : false,
      ),
  },
  {
    id: 'role-sees-rollback-alarms',
    page: `${guide}/deployment-guardrails-configuration.html`,
    breaks: 'SageMaker cannot look at the alarms and takes the deployment back, or never does',
    check: (deployment) => {
      const role = endpointRole(deployment);
      if (role === undefined || !deployment.resources[role]) return [];
      const seen = statementsOf(deployment, role).filter(({ Action }) =>
        list(Action).includes('cloudwatch:DescribeAlarms'),
      );
      return rollback(deployment).filter((id) => !flat(seen.map(({ Resource }) => Resource)).includes(id));
    },
    violate: (deployment) => {
      const role = endpointRole(deployment);
      const statement = role && statementsOf(deployment, role).find(({ Sid }) => Sid === 'WatchAlarms');
      if (!statement || rollback(deployment).length === 0) return false;
      Object.assign(statement, { Action: 'cloudwatch:ListTagsForResource' });
      return true;
    },
  },
  {
    id: 'dashboard-name-has-the-region',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html',
    breaks:
      'dashboards are global to an account: a second region collides, and deletes the first one on destroy',
    check: (deployment) =>
      ofType(deployment, 'AWS::CloudWatch::Dashboard').flatMap(([id, { Properties }]) => {
        const name = flat(Properties.DashboardName);
        return name.includes(deployment.region ?? 'AWS::Region') || name.includes('AWS::Region')
          ? []
          : [`${id} is named ${name}`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::CloudWatch::Dashboard', (dashboard) => {
        dashboard.DashboardName = 'reranker';
        return true;
      }),
  },
  {
    id: 'container-metrics-in-a-namespace-of-their-own',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html',
    breaks: 'names that begin with AWS/ are refused',
    check: (deployment) =>
      ofType(deployment, 'AWS::Logs::MetricFilter').flatMap(([id, { Properties }]) => {
        const namespace = flat(at(Properties.MetricTransformations, 0, 'MetricNamespace'));
        return /^Reranker\/./.test(namespace) ? [] : [`${id} writes to ${namespace}`];
      }),
    violate: (deployment) =>
      changeFirst(deployment, 'AWS::Logs::MetricFilter', (filter) => {
        filter.MetricTransformations = [{ MetricNamespace: 'AWS/SageMaker' }];
        return true;
      }),
  },
];
