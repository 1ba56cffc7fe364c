/** CDK constructs that host a reranker on SageMaker, and the figures they are sized by. */
export { ConfigurationError } from './configuration-error';
export type {
  EndpointSettings,
  ManyModelEndpointProps,
  RerankerEndpointProps,
  SingleModelEndpointProps,
} from './endpoint-props';
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
} from './hosting';
export type {
  Cooldowns,
  DataCapture,
  FleetScaling,
  InstanceSettings,
  NetworkPlacement,
  ScheduledBounds,
  TrafficShift,
} from './hosting-settings';
export { instanceType, instanceTypes, type CpuArchitecture, type InstanceType } from './instance-types';
export { DistillationJob, TRAINING_METRICS, type DistillationJobProps } from './distillation-job';
export { EndpointMonitoring, type EndpointMonitoringProps, type MonitoringSettings } from './monitoring';
export { RerankerNetwork, type RerankerNetworkProps } from './network';
export { PRODUCTION_VARIANT, RerankerEndpoint } from './reranker-endpoint';
export { RerankerApi, type RerankerApiProps } from './reranker-api';
export { RerankerBatch, type RerankerBatchProps } from './reranker-batch';
export { RerankerFunction, type RerankerFunctionProps } from './reranker-function';
export { RerankerImage, type BoundImage, type ImagePurpose, type ImageSourceOptions } from './reranker-image';
export { RerankerModel, type BoundModel } from './reranker-model';
export { RerankerStack, type RerankerStackProps } from './reranker-stack';
export { readContext, type Consumer, type DeploymentContext, type ImageSource } from './context';
export {
  greatestCount,
  PEAK_REQUESTS_PER_SECOND,
  scalingTargets,
  TOKENS_PER_REQUEST,
  type ScalingTargets,
} from './scaling-targets';
export { sizing, type Sizing } from './sizing-table';
export { MEASURED_THREADS, workerSettings, type WorkerSettings } from './sizing-workers';
export { neededMib, queueTokens, recommendedInstanceType, serverlessMemoryMb, throughput } from './sizing';
export {
  SERVERLESS_MEMORY_MB,
  containerMemoryMib,
  weightsOf,
  type Figure,
  type ModelFigures,
  type Precision,
  type ServerlessMemoryMb,
} from '../cost';
