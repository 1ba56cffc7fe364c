/** A SageMaker endpoint on this machine: the Runtime API in front of the real container process. */
export { describeExit, type ContainerExit } from './container-process';
export { LocalEndpointError, type LocalEndpointErrorCode } from './errors';
export { startLocalEndpoint, type LocalEndpoint, type LocalEndpointOptions } from './local-endpoint';
