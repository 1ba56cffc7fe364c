/** A SageMaker endpoint on this machine: the Runtime API in front of the real container process. */
export { describeExit, type ContainerExit } from './container-process.js';
export { LocalEndpointError, type LocalEndpointErrorCode } from './errors.js';
export { startLocalEndpoint, type LocalEndpoint, type LocalEndpointOptions } from './local-endpoint.js';
