import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  PeriodOverride,
  TextWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays, type ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { admitAlarms, alarmTopic } from '../common/alarm-topic.js';
import type { Faults } from '../common/configuration-error.js';
import { containerNamespace, EndpointMetrics, type AlarmPlan, type Limits, type Watch } from './metrics.js';

/** What is watched, and who is told. */
export interface MonitoringSettings {
  /**
   * Topic that alarms and their end are sent to; `none` tells nobody.
   * @default a new one without subscribers
   */
  readonly alarmTopic?: ITopic | 'none';
  /**
   * Whether there are alarms. Without them, nothing takes a bad deployment back.
   * @default true
   */
  readonly alarms?: boolean;
  /**
   * Dashboard to add the graphs to; `none` for no graphs.
   * @default a new one, named by endpoint and region
   */
  readonly dashboard?: Dashboard | 'none';
  /**
   * Log groups that exist already under the names that SageMaker chooses: `/aws/sagemaker/Endpoints/NAME`, or with
   * inference components `/aws/sagemaker/InferenceComponents/COMPONENT` of each model in order. Their retention stays
   * as it is.
   * @default made, and deleted with the stack
   */
  readonly logGroups?: readonly ILogGroup[];
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

/** Names what is wrong with the settings. */
export function checkMonitoring(
  settings: MonitoringSettings | undefined,
  logGroups: number,
  faults: Faults,
): void {
  const errors = settings?.errorPercentage;
  faults.require(
    errors === undefined || (errors > 0 && errors <= 100),
    `monitoring.errorPercentage is ${errors}; it must be more than 0 and at most 100`,
  );
  faults.require(
    settings?.logGroups === undefined || settings.logGroups.length === logGroups,
    `monitoring.logGroups holds ${settings?.logGroups?.length}; this endpoint writes ${logGroups}`,
  );
  faults.require(
    settings?.logGroups === undefined || settings.logRetention === undefined,
    'monitoring.logRetention has no meaning with monitoring.logGroups: set it where the groups are made',
  );
}

export interface EndpointMonitoringProps extends MonitoringSettings {
  readonly endpointName: string;
  readonly mode: string;
  readonly watch: Watch;
  /** Production variants, and vCPUs of an instance of each; 0 for serverless. */
  readonly variants: readonly { readonly name: string; readonly vcpus: number }[];
  /** Names of the inference components, where there are any: their logs are apart. */
  readonly componentNames: readonly string[];
}

/**
 * Log groups with a retention, metrics drawn from the container's log, alarms and a dashboard.
 *
 * It refers to the endpoint by name alone, so that it exists first: SageMaker finds the log group made, and deployments
 * can be rolled back by the alarms.
 */
export class EndpointMonitoring extends Construct {
  /** Absent where nobody is told. */
  readonly topic?: ITopic;
  readonly logGroups: readonly ILogGroup[];
  readonly logGroupNames: readonly string[];
  /** Alarms that a deployment is rolled back on: errors of server and model, latency. */
  readonly rollbackAlarms: readonly Alarm[];
  readonly alarms: readonly Alarm[];
  readonly dashboard?: Dashboard;

  constructor(scope: Construct, id: string, props: EndpointMonitoringProps) {
    super(scope, id);
    this.logGroupNames =
      props.componentNames.length > 0
        ? props.componentNames.map((name) => `/aws/sagemaker/InferenceComponents/${name}`)
        : [`/aws/sagemaker/Endpoints/${props.endpointName}`];
    this.logGroups = props.logGroups ?? this.#logGroups(props.logRetention);
    this.#metricFilters(containerNamespace(props.endpointName));
    const watched = props.variants.map((variant) => ({
      variant,
      metrics: new EndpointMetrics(props.endpointName, variant.name),
      limits: limitsOf(props, variant.vcpus),
    }));

    const made =
      props.alarms === false
        ? []
        : watched.flatMap(({ variant, metrics, limits }, i) =>
            props.watch.alarms(metrics, limits).map((plan) => ({
              plan,
              alarm: this.#alarm(plan, props.endpointName, i === 0 ? '' : variant.name),
            })),
          );
    this.alarms = made.map(({ alarm }) => alarm);
    this.rollbackAlarms = made.filter(({ plan }) => plan.rollsBack).map(({ alarm }) => alarm);
    if (props.alarmTopic !== 'none') {
      this.topic = props.alarmTopic ?? alarmTopic(this, 'Alarms');
      admitAlarms(this.topic);
      const action = new SnsAction(this.topic);
      for (const alarm of this.alarms) {
        alarm.addAlarmAction(action);
        alarm.addOkAction(action);
      }
    }

    if (props.dashboard === 'none') return;
    this.dashboard = props.dashboard ?? this.#dashboard(props.endpointName);
    for (const { variant, metrics, limits } of watched) {
      const graphs = props.watch.graphs(metrics, limits);
      const subject =
        watched.length > 1 ? `${props.endpointName}, variant ${variant.name}` : props.endpointName;
      this.dashboard.addWidgets(
        new TextWidget({
          width: 24,
          height: 2,
          markdown:
            `# ${subject} (${props.mode})\n` +
            'Tokens, queue and documents are what the container logs for every answer. Its whole exposition, `/metrics`, is ' +
            'scraped by SageMaker: query it with PromQL under CloudWatch, Metrics.',
        }),
      );
      const widgets = graphs.map(
        ({ title, left, right = [] }) =>
          new GraphWidget({ title, left: [...left], right: [...right], width: 8, height: 7 }),
      );
      for (let row = 0; row < widgets.length; row += 3)
        this.dashboard.addWidgets(...widgets.slice(row, row + 3));
    }
  }

  /** Dashboards are one name space for all regions of an account. */
  #dashboard(endpointName: string): Dashboard {
    return new Dashboard(this, 'Dashboard', {
      dashboardName: `${endpointName}-${Aws.REGION}`,
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.INHERIT,
    });
  }

  #logGroups(retention = RetentionDays.ONE_MONTH): LogGroup[] {
    return this.logGroupNames.map(
      (logGroupName, i) =>
        new LogGroup(this, i === 0 ? 'Log' : `Log${i + 1}`, {
          logGroupName,
          retention,
          // Its name is SageMaker's choice: a kept one would stand in the way of the next deployment.
          removalPolicy: RemovalPolicy.DESTROY,
        }),
    );
  }

  #metricFilters(metricNamespace: string): void {
    const fields = {
      Documents: '$.documents',
      Tokens: '$.tokens',
      QueueMilliseconds: '$.queueMs',
      InferenceMilliseconds: '$.inferenceMs',
    };
    for (const [i, logGroup] of this.logGroups.entries()) {
      const scope = new Construct(this, i === 0 ? 'Filters' : `Filters${i + 1}`);
      for (const [metricName, metricValue] of Object.entries(fields)) {
        new MetricFilter(scope, metricName, {
          logGroup,
          filterPattern: FilterPattern.stringValue('$.msg', '=', 'reranked'),
          metricNamespace,
          metricName,
          metricValue,
        });
      }
    }
  }

  #alarm({ id, metric, threshold, minutes, meaning }: AlarmPlan, endpoint: string, variant: string): Alarm {
    return new Alarm(this, `${id}${variant}`, {
      metric,
      threshold,
      evaluationPeriods: minutes,
      datapointsToAlarm: Math.ceil((2 * minutes) / 3),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${endpoint}${variant && `, variant ${variant}`}: ${threshold} or more ${meaning}. docs/runbook.md says what to do.`,
    });
  }
}

function limitsOf(settings: MonitoringSettings, vcpus: number): Limits {
  return {
    errorPercentage: settings.errorPercentage ?? 1,
    latencyThreshold: settings.latencyThreshold ?? Duration.seconds(5),
    vcpus,
    usdPerInstanceHour: settings.usdPerInstanceHour,
  };
}
