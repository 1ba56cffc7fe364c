// A CDK app of somebody else, in TypeScript: compiled against the oldest and the newest CDK.
import { App, Stack } from 'aws-cdk-lib';
import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { IGrantable, IRole } from 'aws-cdk-lib/aws-iam';
import type { IEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import {
  RerankerApi,
  RerankerBatch,
  RerankerEndpoint,
  RerankerFunction,
  RerankerImage,
  RerankerModel,
  RerankerStack,
  readContext,
  type Hosting,
  type RerankerEndpointProps,
} from '@sagemaker-reranker/infra';

const stack = new Stack(new App(), 'Typed');
const hosting: Hosting = { mode: 'real-time', initialInstanceCount: 2, scaling: { maxInstanceCount: 4 } };
const props: RerankerEndpointProps = {
  model: RerankerModel.embedded(),
  image: RerankerImage.fromCodeBuild(),
  hosting,
};
const endpoint = new RerankerEndpoint(stack, 'Reranker', props);
const grantable: IGrantable & IConnectable & IEndpoint = endpoint;
const role: IRole = endpoint.role;
const reranker = new RerankerFunction(stack, 'Function', {
  endpoint: RerankerEndpoint.fromEndpointName(stack, 'E', 'x'),
});
new RerankerApi(stack, 'Api', { function: reranker });
new RerankerBatch(stack, 'Batch', { image: RerankerImage.fromCodeBuild() });
endpoint
  .metricModelLatency({ statistic: 'p50' })
  .createAlarm(stack, 'Slow', { threshold: 1, evaluationPeriods: 1 });
export { grantable, role, RerankerStack, readContext };
