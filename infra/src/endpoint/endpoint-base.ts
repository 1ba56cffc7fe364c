import { Resource, Token } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { CallSettings } from '../common/container-environment.js';
import { PRODUCTION_VARIANT } from '../hosting/plan.js';
import { EndpointMetrics } from '../monitoring/metrics.js';

/** What callers of an endpoint that answers at once may do: whole answers and response streams are actions of their own. */
const INVOKE = ['sagemaker:InvokeEndpoint', 'sagemaker:InvokeEndpointWithResponseStream'];

/** Which variant's metric, and how it is read. */
export interface EndpointMetricOptions extends MetricOptions {
  /**
   * Production variant.
   * @default AllTraffic
   */
  readonly productionVariant?: string;
}

/** What an endpoint made here and one that exists already have in common. */
export abstract class RerankerEndpointBase extends Resource implements IEndpoint {
  abstract readonly endpointName: string;
  abstract readonly endpointArn: string;
  /** ARNs of the inference components that are called through it. */
  protected readonly componentArns: string[] = [];

  /**
   * How a caller reaches one of its models.
   * @param variant Variant of the model; the first one's when absent.
   * @throws ConfigurationError when the endpoint does not serve it.
   */
  abstract callSettings(variant?: string): CallSettings;

  get endpointRef(): IEndpoint['endpointRef'] {
    return { endpointArn: this.endpointArn };
  }

  /** Lets a principal invoke this endpoint and no other. */
  grantInvoke(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: INVOKE,
      resourceArns: [this.endpointArn, ...this.componentArns],
    });
  }

  /**
   * Any metric of a variant in `AWS/SageMaker`, in the endpoint's own account and region; which there are depends on the hosting
   * mode.
   * @see https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
   */
  metric(metricName: string, { productionVariant, ...options }: EndpointMetricOptions = {}): Metric {
    return this.#metrics(productionVariant).invocations(metricName, {
      ...this.#place(),
      statistic: 'Average',
      ...options,
    });
  }

  /** Requests. Default: their sum in a minute. Asynchronous endpoints publish none. */
  metricInvocations(options?: EndpointMetricOptions): Metric {
    return this.metric('Invocations', { statistic: 'Sum', ...options });
  }

  /** Requests by instance. Default: their sum in a minute. Serverless and asynchronous endpoints publish none. */
  metricInvocationsPerInstance(options?: EndpointMetricOptions): Metric {
    return this.metric('InvocationsPerInstance', { statistic: 'Sum', ...options });
  }

  /** Requests that were refused as the caller's fault. Default: their sum in a minute. */
  metricInvocation4XXErrors(options?: EndpointMetricOptions): Metric {
    return this.metric('Invocation4XXErrors', { statistic: 'Sum', ...options });
  }

  /** Requests that failed at the endpoint. Default: their sum in a minute. */
  metricInvocation5XXErrors(options?: EndpointMetricOptions): Metric {
    return this.metric('Invocation5XXErrors', { statistic: 'Sum', ...options });
  }

  /** Requests that failed in the container. Default: their sum in a minute. Endpoints on instances that answer at once have it. */
  metricInvocationModelErrors(options?: EndpointMetricOptions): Metric {
    return this.metric('InvocationModelErrors', { statistic: 'Sum', ...options });
  }

  /** Microseconds that the container takes. Default: the 99th percentile of a minute. */
  metricModelLatency(options?: EndpointMetricOptions): Metric {
    return this.metric('ModelLatency', { statistic: 'p99', ...options });
  }

  /** Microseconds that SageMaker adds. Default: the 99th percentile of a minute. Asynchronous endpoints publish none. */
  metricOverheadLatency(options?: EndpointMetricOptions): Metric {
    return this.metric('OverheadLatency', { statistic: 'p99', ...options });
  }

  /** CPU in per cent of one vCPU, summed over all of an instance. Default: the mean of a minute. Serverless publishes none. */
  metricCpuUtilization({ productionVariant, ...options }: EndpointMetricOptions = {}): Metric {
    return this.#metrics(productionVariant).instances('CPUUtilization', {
      ...this.#place(),
      statistic: 'Average',
      ...options,
    });
  }

  /** Memory in per cent. Default: the greatest of a minute. */
  metricMemoryUtilization({ productionVariant, ...options }: EndpointMetricOptions = {}): Metric {
    return this.#metrics(productionVariant).instances('MemoryUtilization', {
      ...this.#place(),
      statistic: 'Maximum',
      ...options,
    });
  }

  /** Where the endpoint is, as far as that is known: one that exists already may be elsewhere. */
  #place(): Pick<MetricOptions, 'account' | 'region'> {
    const known = (value: string) => (Token.isUnresolved(value) ? undefined : value);
    return { account: known(this.env.account), region: known(this.env.region) };
  }

  #metrics(productionVariant = PRODUCTION_VARIANT): EndpointMetrics {
    return new EndpointMetrics(this.endpointName, productionVariant);
  }
}

/** An endpoint, made here or existing already: what callers and graphs can do with it. */
export type IRerankerEndpoint = Pick<RerankerEndpointBase, keyof RerankerEndpointBase>;
