/** CDK constructs that host a reranker on SageMaker, and the figures they are sized by. */
import './cdk-version.js';
export { ConfigurationError } from './configuration-error.js';
export type {
  EndpointSettings,
  ManyModelEndpointProps,
  RerankerEndpointProps,
  SingleModelEndpointProps,
} from './endpoint-props.js';
export {
  HOSTING_MODES,
  type AsynchronousHosting,
  type Hosting,
  type HostingMode,
  type InferenceComponentsHosting,
  type ManyModelHosting,
  type MultiModelHosting,
  type RealTimeHosting,
  type ServerlessHosting,
  type SingleModelHosting,
} from './hosting.js';
export type {
  Cooldowns,
  DataCapture,
  FleetScaling,
  InstanceSettings,
  NetworkPlacement,
  ScheduledBounds,
  TrafficShift,
} from './hosting-settings.js';
export { instanceType, instanceTypes, type CpuArchitecture, type InstanceType } from './instance-types.js';
export { DistillationJob, TRAINING_METRICS, type DistillationJobProps } from './distillation-job.js';
export { EndpointMonitoring, type EndpointMonitoringProps, type MonitoringSettings } from './monitoring.js';
export { RerankerNetwork, type RerankerNetworkProps } from './network.js';
export { PRODUCTION_VARIANT, RerankerEndpoint } from './reranker-endpoint.js';
export { RerankerApi, type RerankerApiProps } from './reranker-api.js';
export { RerankerBatch, type RerankerBatchProps } from './reranker-batch.js';
export { RerankerFunction, type RerankerFunctionProps } from './reranker-function.js';
export {
  RerankerImage,
  type BoundImage,
  type ImagePurpose,
  type ImageSourceOptions,
} from './reranker-image.js';
export { RerankerModel, type BoundModel } from './reranker-model.js';
export { RerankerStack, type RerankerStackProps } from './reranker-stack.js';
export { readContext, type Consumer, type DeploymentContext, type ImageSource } from './context.js';
export {
  greatestCount,
  PEAK_REQUESTS_PER_SECOND,
  scalingTargets,
  TOKENS_PER_REQUEST,
  type ScalingTargets,
} from './scaling-targets.js';
export { sizing, type Sizing } from './sizing-table.js';
export { MEASURED_THREADS, workerSettings, type WorkerSettings } from './sizing-workers.js';
export { neededMib, queueTokens, recommendedInstanceType, serverlessMemoryMb, throughput } from './sizing.js';
export {
  SERVERLESS_MEMORY_MB,
  containerMemoryMib,
  weightsOf,
  type Figure,
  type ModelFigures,
  type Precision,
  type ServerlessMemoryMb,
} from '@sagemaker-reranker/cost';
