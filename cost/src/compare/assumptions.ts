import type { Interval } from '../model/interval.js';

/** Hours of a month: 365 days ÷ 12. */
export const HOURS_PER_MONTH = 730;
/** Share of the capacity that is planned with; the rest absorbs bursts until new capacity has started. */
export const PLANNED_UTILISATION = 0.85;
/** More instances than this behind one endpoint are not considered. */
export const MOST_INSTANCES = 1000;
/** Concurrent executions of a serverless endpoint (SageMaker API, ProductionVariantServerlessConfig, MaxConcurrency). */
export const MOST_CONCURRENCY = 200;

// Assumptions: not measured on SageMaker, and no source is claimed. Those that matter carry an interval.
/** Seconds between caller and container and back, beside the container's own: signing, routing, TLS. */
export const ROUTE_SECONDS: Interval = { value: 0.015, low: 0.005, high: 0.04 };
/** The same for serverless. */
export const SERVERLESS_ROUTE_SECONDS: Interval = { value: 0.03, low: 0.01, high: 0.08 };
/** Upload, queue, result file and polling of an asynchronous endpoint. */
export const ASYNCHRONOUS_SECONDS: Interval = { value: 0.5, low: 0.2, high: 2 };
/** From no instance to the first answer: a new instance, the image, the model. */
export const INSTANCE_START_SECONDS: Interval = { value: 300, low: 180, high: 480 };
/** Idle time that is billed before an endpoint scales to zero. */
export const IDLE_SECONDS = 900;
/** Start of a serverless execution: image, process, model. */
export const SERVERLESS_START_SECONDS: Interval = { value: 10, low: 4, high: 30 };
/** Inference processes of a serverless execution: its memory is for one. */
export const SERVERLESS_PROCESSES = 1;
/** Idle time after which a serverless execution is gone. */
export const SERVERLESS_KEPT_SECONDS = 300;
/** Bytes of a token of English text, with the JSON around it. */
export const BYTES_PER_TOKEN = 5;

/** GB of storage that an instance of an endpoint has, where the endpoint configuration does not say. */
export const STORAGE_GB: Interval = { value: 30, low: 10, high: 60 };
/** Bytes of log that a query leaves: a line of the container and one of the platform. */
export const LOG_BYTES_PER_QUERY = 600;

/** Share of a vCPU that burstable types may use without end. Assumed: EC2's baselines of T2, not looked up for SageMaker. */
export const BASELINE_SHARE: Readonly<Record<string, number>> = {
  'ml.t2.medium': 0.2,
  'ml.t2.large': 0.3,
  'ml.t2.xlarge': 0.225,
  'ml.t2.2xlarge': 0.17,
};
