import {
  Dashboard,
  GraphWidget,
  MathExpression,
  PeriodOverride,
  TextWidget,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { EndpointMonitoring, EndpointMonitoringProps } from './monitoring.js';

/** The dashboard of an endpoint: traffic, latency split, tokens and queue, machine, cost. */
export function endpointDashboard(
  scope: Construct,
  props: EndpointMonitoringProps,
  metrics: EndpointMonitoring,
): Dashboard {
  const rows: IWidget[][] = [
    [
      new TextWidget({
        width: 24,
        height: 2,
        markdown:
          `# ${props.endpointName} (${props.mode})\n` +
          'Tokens, queue and documents are what the container logs for every answer. Its whole exposition, `/metrics`, is ' +
          'scraped by SageMaker: query it with PromQL under CloudWatch, Metrics.',
      }),
    ],
    [traffic(metrics), latency(metrics), work(metrics)],
    [machine(props, metrics), queue(props, metrics), ...cost(props, metrics)],
  ];
  return new Dashboard(scope, 'Dashboard', {
    dashboardName: props.endpointName,
    defaultInterval: Duration.hours(3),
    periodOverride: PeriodOverride.INHERIT,
    widgets: rows,
  });
}

function traffic(metrics: EndpointMonitoring): IWidget {
  return graph(
    'Requests and failures a minute',
    [metrics.invocations('Invocations', 'Sum')],
    ['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors'].map((name) =>
      metrics.invocations(name, 'Sum'),
    ),
  );
}

function latency(metrics: EndpointMonitoring): IWidget {
  const milliseconds = (metricName: string, statistic: string): IMetric => {
    // A metric has one id in a graph.
    const id = `${metricName.charAt(0).toLowerCase()}${metricName.slice(1)}_${statistic}`;
    return new MathExpression({
      expression: `${id} / 1000`,
      usingMetrics: { [id]: metrics.invocations(metricName, statistic) },
      label: `${metricName} ${statistic}`,
      period: Duration.minutes(1),
    });
  };
  return graph('Latency in ms: the container, and what SageMaker adds', [
    milliseconds('ModelLatency', 'p50'),
    milliseconds('ModelLatency', 'p99'),
    milliseconds('OverheadLatency', 'p50'),
    milliseconds('OverheadLatency', 'p99'),
  ]);
}

function work(metrics: EndpointMonitoring): IWidget {
  return graph(
    'Tokens and documents a minute',
    [metrics.container('Tokens', 'Sum')],
    [metrics.container('Documents', 'Sum')],
  );
}

function machine(props: EndpointMonitoringProps, metrics: EndpointMonitoring): IWidget {
  const memory = metrics.instances('MemoryUtilization', 'Maximum');
  if (props.mode === 'serverless') return graph('Memory in %', [memory]);
  return graph(
    `CPU in % of one of ${props.vcpus} vCPUs; memory and disk in %`,
    [metrics.instances('CPUUtilization', 'Average')],
    [memory, metrics.instances('DiskUtilization', 'Maximum')],
  );
}

function queue(props: EndpointMonitoringProps, metrics: EndpointMonitoring): IWidget {
  if (props.mode === 'asynchronous') {
    return graph(
      'Backlog, and the age of its oldest request in s',
      [metrics.queue('ApproximateBacklogSize', 'Maximum')],
      [metrics.queue('ApproximateAgeOfOldestRequest', 'Maximum')],
    );
  }
  return graph('Within the container in ms: waiting and inference', [
    metrics.container('QueueMilliseconds', 'Average'),
    metrics.container('QueueMilliseconds', 'Maximum'),
    metrics.container('InferenceMilliseconds', 'Average'),
    metrics.container('InferenceMilliseconds', 'Maximum'),
  ]);
}

/**
 * Instances are invocations over invocations per instance, by that metric's definition; a minute without traffic has no
 * cost per document.
 */
function cost(props: EndpointMonitoringProps, metrics: EndpointMonitoring): IWidget[] {
  const { usdPerInstanceHour: price } = props;
  if (price === undefined) return [];
  const period = Duration.hours(1);
  const hourly = (metricName: string) => metrics.invocations(metricName, 'Sum', period);
  return [
    graph('USD for a million documents, hour by hour', [
      new MathExpression({
        expression: `1000000 * ${price} * (invocations / share) / documents`,
        usingMetrics: {
          invocations: hourly('Invocations'),
          share: hourly('InvocationsPerInstance'),
          documents: metrics.container('Documents', 'Sum').with({ period }),
        },
        label: 'USD per million documents',
        period,
      }),
    ]),
  ];
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): IWidget {
  return new GraphWidget({ title, left, right, width: 8, height: 7 });
}
