import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  Metric,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { endpointDashboard } from './dashboard.js';
import type { HostingMode } from './hosting.js';

/** What is watched, and who is told. */
export interface MonitoringSettings {
  /**
   * Topic that alarms and their end are sent to.
   * @default a new one without subscribers
   */
  readonly alarmTopic?: ITopic;
  /**
   * Time within which 99 of 100 answers of the container must come.
   * @default 5 seconds
   */
  readonly latencyThreshold?: Duration;
  /**
   * Share of failed requests, in per cent, that raises an alarm.
   * @default 1
   */
  readonly errorPercentage?: number;
  /**
   * How long the container's log is kept.
   * @default 1 month
   */
  readonly logRetention?: RetentionDays;
  /**
   * Price of an instance in USD an hour, for the cost of a million documents on the dashboard.
   * @default the price book's, where the stack has a region and the book a price for it; else the cost is not shown
   */
  readonly usdPerInstanceHour?: number;
}

export interface EndpointMonitoringProps extends MonitoringSettings {
  readonly endpointName: string;
  readonly variantName: string;
  readonly mode: HostingMode;
  /** Names of the inference components, where there are any: their metrics and logs are apart. */
  readonly componentNames: readonly string[];
  /** vCPUs of an instance, 0 for serverless: CPU utilization is summed over them. */
  readonly vcpus: number;
}

const ENDPOINT = 'AWS/SageMaker';
const INSTANCES = '/aws/sagemaker/Endpoints';
const MINUTE = Duration.minutes(1);

/**
 * Log groups with a retention, metrics drawn from the container's log, alarms and a dashboard.
 *
 * It refers to the endpoint by name alone, so that it exists first: SageMaker finds the log group made, and deployments
 * can be rolled back by the alarms.
 */
export class EndpointMonitoring extends Construct {
  readonly topic: ITopic;
  readonly logGroups: readonly LogGroup[];
  readonly logGroupNames: readonly string[];
  /** Alarms that a deployment is rolled back on: errors of server and model, latency. */
  readonly rollbackAlarms: readonly Alarm[];
  readonly alarms: readonly Alarm[];
  readonly #props: EndpointMonitoringProps;

  constructor(scope: Construct, id: string, props: EndpointMonitoringProps) {
    super(scope, id);
    this.#props = props;
    this.topic = props.alarmTopic ?? new Topic(this, 'Alarms', { enforceSSL: true });
    this.logGroupNames =
      props.componentNames.length > 0
        ? props.componentNames.map((name) => `/aws/sagemaker/InferenceComponents/${name}`)
        : [`/aws/sagemaker/Endpoints/${props.endpointName}`];
    this.logGroups = this.#logGroups();
    this.#metricFilters();
    this.rollbackAlarms = this.#rollbackAlarms();
    this.alarms = [...this.rollbackAlarms, ...this.#capacityAlarms()];
    const action = new SnsAction(this.topic);
    for (const alarm of this.alarms) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    endpointDashboard(this, props, this);
  }

  /** A metric of the endpoint's variant; latencies in microseconds. */
  invocations(metricName: string, statistic: string, period = MINUTE): Metric {
    return this.#metric(ENDPOINT, metricName, statistic, period);
  }

  /** Utilization of the instances: memory and disk in per cent, CPU in per cent of one vCPU, summed over all. */
  instances(metricName: string, statistic: string): Metric {
    return this.#metric(INSTANCES, metricName, statistic, MINUTE);
  }

  /** A metric of the whole endpoint, as asynchronous endpoints have. */
  queue(metricName: string, statistic: string): Metric {
    const dimensionsMap = { EndpointName: this.#props.endpointName };
    return new Metric({ namespace: ENDPOINT, metricName, statistic, period: MINUTE, dimensionsMap });
  }

  /** A number that the container logs for every answer: documents, tokens, and milliseconds in queue and inference. */
  container(metricName: string, statistic: string): Metric {
    return new Metric({ namespace: this.#namespace, metricName, statistic, period: MINUTE });
  }

  get #namespace(): string {
    return `Reranker/${this.#props.endpointName}`;
  }

  #metric(namespace: string, metricName: string, statistic: string, period: Duration): Metric {
    const dimensionsMap = { EndpointName: this.#props.endpointName, VariantName: this.#props.variantName };
    return new Metric({ namespace, metricName, statistic, period, dimensionsMap });
  }

  #logGroups(): LogGroup[] {
    return this.logGroupNames.map(
      (logGroupName, i) =>
        new LogGroup(this, i === 0 ? 'Log' : `Log${i + 1}`, {
          logGroupName,
          retention: this.#props.logRetention ?? RetentionDays.ONE_MONTH,
          // Its name is SageMaker's choice: a kept one would stand in the way of the next deployment.
          removalPolicy: RemovalPolicy.DESTROY,
        }),
    );
  }

  #metricFilters(): void {
    const fields = {
      Documents: '$.documents',
      Tokens: '$.tokens',
      QueueMilliseconds: '$.queueMs',
      InferenceMilliseconds: '$.inferenceMs',
    };
    for (const logGroup of this.logGroups) {
      for (const [metricName, metricValue] of Object.entries(fields)) {
        new MetricFilter(logGroup, metricName, {
          logGroup,
          filterPattern: FilterPattern.stringValue('$.msg', '=', 'reranked'),
          metricNamespace: this.#namespace,
          metricName,
          metricValue,
        });
      }
    }
  }

  #rollbackAlarms(): Alarm[] {
    const { errorPercentage = 1, latencyThreshold = Duration.seconds(5), mode } = this.#props;
    if (mode === 'asynchronous') return [];
    return [
      this.#alarm(
        'ServerErrors',
        this.#percentage('Invocation5XXErrors'),
        errorPercentage,
        3,
        'of the requests fail with a 5xx status',
      ),
      this.#alarm(
        'ModelErrors',
        this.#percentage('InvocationModelErrors'),
        errorPercentage,
        3,
        'of the requests fail in the container',
      ),
      this.#alarm(
        'Latency',
        this.invocations('ModelLatency', 'p99'),
        latencyThreshold.toMilliseconds() * 1000,
        3,
        'microseconds pass at the 99th percentile until the container has answered',
      ),
    ];
  }

  #capacityAlarms(): Alarm[] {
    const { mode, vcpus } = this.#props;
    const memory = this.#alarm(
      'Memory',
      this.instances('MemoryUtilization', 'Maximum'),
      90,
      5,
      '% of the memory is in use',
    );
    if (mode === 'serverless') return [memory];
    const cpu = this.#alarm(
      'Cpu',
      this.instances('CPUUtilization', 'Average'),
      90 * vcpus,
      15,
      `% CPU is in use, of ${100 * vcpus}; at the greatest number of instances, raise it`,
    );
    if (mode !== 'asynchronous') return [cpu, memory];
    return [
      cpu,
      memory,
      this.#alarm(
        'OldestRequest',
        this.queue('ApproximateAgeOfOldestRequest', 'Maximum'),
        900,
        5,
        'seconds the oldest request has waited',
      ),
      this.#alarm(
        'FailedRequests',
        this.queue('InvocationFailures', 'Sum'),
        1,
        1,
        'requests failed; their reports lie below failure/',
      ),
    ];
  }

  /** Failed requests in per cent of all. */
  #percentage(failures: string): MathExpression {
    return new MathExpression({
      expression: '100 * failures / requests',
      usingMetrics: {
        failures: this.invocations(failures, 'Sum'),
        requests: this.invocations('Invocations', 'Sum'),
      },
      label: `${failures} in % of invocations`,
      period: MINUTE,
    });
  }

  #alarm(id: string, metric: IMetric, threshold: number, minutes: number, meaning: string): Alarm {
    return new Alarm(this, id, {
      metric,
      threshold,
      evaluationPeriods: minutes,
      datapointsToAlarm: Math.ceil((2 * minutes) / 3),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${this.#props.endpointName}: ${threshold} or more ${meaning}. docs/runbook.md says what to do.`,
    });
  }
}
