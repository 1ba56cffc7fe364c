import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type IMetric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';

/** An alarm as a mode wants it: `minutes` periods of a minute, two thirds of them at the threshold or beyond it. */
export interface AlarmPlan {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  readonly minutes: number;
  /** Ends the sentence "THRESHOLD or more ...". */
  readonly meaning: string;
  /** Whether a deployment is taken back on it. */
  readonly rollsBack: boolean;
}

/** A graph of the dashboard. */
interface GraphPlan {
  readonly title: string;
  readonly left: readonly IMetric[];
  readonly right?: readonly IMetric[];
}

/** What alarms and graphs are drawn by. */
export interface Limits {
  readonly errorPercentage: number;
  readonly latencyThreshold: Duration;
  /** vCPUs of an instance, 0 for serverless: CPU utilization is summed over them. */
  readonly vcpus: number;
  readonly usdPerInstanceHour?: number;
}

/** What of a variant is watched and shown. */
export interface Watch {
  readonly alarms: (metrics: EndpointMetrics, limits: Limits) => readonly AlarmPlan[];
  readonly graphs: (metrics: EndpointMetrics, limits: Limits) => readonly GraphPlan[];
}

/** How a metric is read. */
interface Which extends Omit<MetricOptions, 'statistic'> {
  readonly statistic: string;
}

const MINUTE = Duration.minutes(1);

/** The namespace of what the container's log says. */
export function containerNamespace(endpointName: string): string {
  return `Reranker/${endpointName}`;
}

/**
 * The metrics of one variant of an endpoint.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
 */
export class EndpointMetrics {
  readonly #endpointName: string;
  readonly #variantName: string;

  constructor(endpointName: string, variantName: string) {
    this.#endpointName = endpointName;
    this.#variantName = variantName;
  }

  /** A metric of the variant's invocations; latencies in microseconds. */
  invocations(metricName: string, which: Which): Metric {
    return this.#ofVariant('AWS/SageMaker', metricName, which);
  }

  /** Utilization of the instances: memory and disk in per cent, CPU in per cent of one vCPU, summed over all. */
  instances(metricName: string, which: Which): Metric {
    return this.#ofVariant('/aws/sagemaker/Endpoints', metricName, which);
  }

  /** A metric of the queue of an asynchronous endpoint, which no variant has. */
  queue(metricName: string, which: Which): Metric {
    const dimensionsMap = { EndpointName: this.#endpointName };
    return new Metric({ namespace: 'AWS/SageMaker', metricName, period: MINUTE, dimensionsMap, ...which });
  }

  /** A number that the container logs for every answer: documents, tokens, and milliseconds in queue and inference. */
  container(metricName: string, which: Which): Metric {
    return new Metric({
      namespace: containerNamespace(this.#endpointName),
      metricName,
      period: MINUTE,
      ...which,
    });
  }

  #ofVariant(namespace: string, metricName: string, which: Which): Metric {
    const dimensionsMap = { EndpointName: this.#endpointName, VariantName: this.#variantName };
    return new Metric({ namespace, metricName, period: MINUTE, dimensionsMap, ...which });
  }
}

const sum = { statistic: 'Sum' };
const average = { statistic: 'Average' };
const maximum = { statistic: 'Maximum' };

/** Failed requests in per cent of all. */
export function failureShare(
  id: string,
  metrics: EndpointMetrics,
  failures: string,
  { errorPercentage }: Limits,
  meaning: string,
): AlarmPlan {
  const metric = new MathExpression({
    expression: '100 * failures / requests',
    usingMetrics: {
      failures: metrics.invocations(failures, sum),
      requests: metrics.invocations('Invocations', sum),
    },
    label: `${failures} in % of invocations`,
    period: MINUTE,
  });
  return { id, metric, threshold: errorPercentage, minutes: 3, meaning, rollsBack: true };
}

export function latencyAlarm(metrics: EndpointMetrics, { latencyThreshold }: Limits): AlarmPlan {
  return {
    id: 'Latency',
    metric: metrics.invocations('ModelLatency', { statistic: 'p99' }),
    threshold: latencyThreshold.toMilliseconds() * 1000,
    minutes: 3,
    meaning: 'microseconds pass at the 99th percentile until the container has answered',
    rollsBack: true,
  };
}

export function memoryAlarm(metrics: EndpointMetrics): AlarmPlan {
  return {
    id: 'Memory',
    metric: metrics.instances('MemoryUtilization', maximum),
    threshold: 90,
    minutes: 5,
    meaning: '% of the memory is in use',
    rollsBack: false,
  };
}

export function cpuAlarm(metrics: EndpointMetrics, { vcpus }: Limits): AlarmPlan {
  return {
    id: 'Cpu',
    metric: metrics.instances('CPUUtilization', average),
    threshold: 90 * vcpus,
    minutes: 15,
    meaning: `% CPU is in use, of ${100 * vcpus}; at the greatest number of instances, raise it`,
    rollsBack: false,
  };
}

/** Alarms of every mode that answers at once on instances. */
export function instanceAlarms(metrics: EndpointMetrics, limits: Limits): AlarmPlan[] {
  return [
    failureShare(
      'ServerErrors',
      metrics,
      'Invocation5XXErrors',
      limits,
      'of the requests fail with a 5xx status',
    ),
    failureShare(
      'ModelErrors',
      metrics,
      'InvocationModelErrors',
      limits,
      'of the requests fail in the container',
    ),
    latencyAlarm(metrics, limits),
    cpuAlarm(metrics, limits),
    memoryAlarm(metrics),
  ];
}

/** Requests and failures a minute. */
export function trafficGraph(
  metrics: EndpointMetrics,
  requests: readonly IMetric[],
  failures: readonly string[],
): GraphPlan {
  return {
    title: 'Requests and failures a minute',
    left: requests,
    right: failures.map((name) => metrics.invocations(name, sum)),
  };
}

/** Latencies in ms at the median and the 99th percentile. */
export function latencyGraph(metrics: EndpointMetrics, names: readonly string[]): GraphPlan {
  const milliseconds = (metricName: string, statistic: string): IMetric => {
    // A metric has one id in a graph.
    const id = `${metricName.charAt(0).toLowerCase()}${metricName.slice(1)}_${statistic}`;
    return new MathExpression({
      expression: `${id} / 1000`,
      usingMetrics: { [id]: metrics.invocations(metricName, { statistic }) },
      label: `${metricName} ${statistic}`,
      period: MINUTE,
    });
  };
  return {
    title: 'Latency in ms: the container, and what SageMaker adds',
    left: names.flatMap((name) => [milliseconds(name, 'p50'), milliseconds(name, 'p99')]),
  };
}

/** What the container logs of its work. */
export function workGraph(metrics: EndpointMetrics): GraphPlan {
  return {
    title: 'Tokens and documents a minute',
    left: [metrics.container('Tokens', sum)],
    right: [metrics.container('Documents', sum)],
  };
}

export function machineGraph(metrics: EndpointMetrics, { vcpus }: Limits): GraphPlan {
  return {
    title: `CPU in % of one of ${vcpus} vCPUs; memory and disk in %`,
    left: [metrics.instances('CPUUtilization', average)],
    right: [metrics.instances('MemoryUtilization', maximum), metrics.instances('DiskUtilization', maximum)],
  };
}

export function waitingGraph(metrics: EndpointMetrics): GraphPlan {
  return {
    title: 'Within the container in ms: waiting and inference',
    left: ['QueueMilliseconds', 'InferenceMilliseconds'].flatMap((name) => [
      metrics.container(name, average),
      metrics.container(name, maximum),
    ]),
  };
}

/**
 * USD for a million documents, where the price is known. Instances are invocations over invocations per instance, by that
 * metric's definition; an hour without traffic has no cost per document.
 */
function costGraphs(metrics: EndpointMetrics, { usdPerInstanceHour: price }: Limits): GraphPlan[] {
  if (price === undefined) return [];
  const period = Duration.hours(1);
  const hourly = (metricName: string) => metrics.invocations(metricName, { statistic: 'Sum', period });
  return [
    {
      title: 'USD for a million documents, hour by hour',
      left: [
        new MathExpression({
          expression: `1000000 * ${price} * (invocations / share) / documents`,
          usingMetrics: {
            invocations: hourly('Invocations'),
            share: hourly('InvocationsPerInstance'),
            documents: metrics.container('Documents', { statistic: 'Sum', period }),
          },
          label: 'USD per million documents',
          period,
        }),
      ],
    },
  ];
}

/** Graphs of every mode that answers at once on instances. */
export function instanceGraphs(metrics: EndpointMetrics, limits: Limits): GraphPlan[] {
  return [
    trafficGraph(
      metrics,
      [metrics.invocations('Invocations', sum)],
      ['Invocation4XXErrors', 'Invocation5XXErrors', 'InvocationModelErrors'],
    ),
    latencyGraph(metrics, ['ModelLatency', 'OverheadLatency']),
    workGraph(metrics),
    machineGraph(metrics, limits),
    waitingGraph(metrics),
    ...costGraphs(metrics, limits),
  ];
}
