/** CDK constructs that host a reranker on SageMaker, and the figures they are sized by. */
import './cdk-version.js';
export { ConfigurationError } from './common/configuration-error.js';
export type {
  EndpointSettings,
  ManyModelEndpointProps,
  RerankerEndpointProps,
  SingleModelEndpointProps,
} from './endpoint/props.js';
export {
  HOSTING_MODES,
  type Hosting,
  type HostingMode,
  type ManyModelHosting,
  type SingleModelHosting,
} from './hosting/hosting.js';
export type { AsynchronousHosting } from './hosting/asynchronous.js';
export type { InferenceComponentsHosting } from './hosting/inference-components.js';
export type { MultiModelHosting } from './hosting/multi-model.js';
export type { RealTimeHosting } from './hosting/real-time.js';
export type { ServerlessHosting } from './hosting/serverless.js';
export type {
  AsynchronousExchange,
  Cooldowns,
  DataCapture,
  FleetScaling,
  FleetSettings,
  InstanceSettings,
  NetworkPlacement,
  OtherModel,
  ScheduledBounds,
  ShadowModel,
  TrafficShift,
  WeightedModel,
} from './hosting/settings.js';
export {
  instanceType,
  instanceTypes,
  type CpuArchitecture,
  type InstanceType,
} from './sizing/instance-types.js';
export { DistillationJob, TRAINING_METRICS, type DistillationJobProps } from './jobs/distillation-job.js';
export {
  EndpointMonitoring,
  type EndpointMonitoringProps,
  type MonitoringSettings,
} from './monitoring/endpoint-monitoring.js';
export { RerankerNetwork, type RerankerNetworkProps } from './network/network.js';
export { PRODUCTION_VARIANT } from './hosting/plan.js';
export type { CallSettings } from './common/container-environment.js';
export type { EndpointMetricOptions, IRerankerEndpoint } from './endpoint/endpoint-base.js';
export type { RerankerEndpointAttributes } from './endpoint/imported-endpoint.js';
export { RerankerComponent } from './endpoint/reranker-component.js';
export { RerankerEndpoint } from './endpoint/reranker-endpoint.js';
export { RerankerApi, type RerankerApiProps } from './callers/reranker-api.js';
export { RerankerBatch, type RerankerBatchProps } from './jobs/reranker-batch.js';
export { RerankerFunction, type RerankerFunctionProps } from './callers/reranker-function.js';
export {
  RerankerImage,
  type BoundImage,
  type ImagePurpose,
  type ImageSourceOptions,
} from './image/reranker-image.js';
export { RerankerModel, type BoundModel } from './model/reranker-model.js';
export { RerankerStack, type RerankerStackProps } from './stack/reranker-stack.js';
export {
  endpointName,
  readContext,
  stackName,
  type Consumer,
  type DeploymentContext,
  type ImageSource,
} from './stack/context.js';
export {
  greatestCount,
  PEAK_REQUESTS_PER_SECOND,
  scalingTargets,
  TOKENS_PER_REQUEST,
  type ScalingTargets,
} from './sizing/scaling-targets.js';
export { sizing, type Sizing } from './sizing/sizing-table.js';
export { workerSettings, type WorkerSettings } from './sizing/workers.js';
export {
  neededMib,
  queueTokens,
  recommendedInstanceType,
  serverlessMemoryMb,
  throughput,
} from './sizing/sizing.js';
export {
  SERVERLESS_MEMORY_MB,
  containerMemoryMib,
  type Figure,
  type Precision,
  type ServerlessMemoryMb,
} from '@sagemaker-reranker/cost';
export { manifestFigures, variantFigures, type ModelFigures } from '@sagemaker-reranker/models';
