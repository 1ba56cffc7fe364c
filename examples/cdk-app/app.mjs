// A search service of your own with a reranker in it: your network, key and on-call topic, a function of yours that calls it,
// and a second model that is tried on a tenth of the traffic.
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RerankerEndpoint, RerankerImage, RerankerModel } from '@sagemaker-reranker/infra';

const app = new App();
const stack = new Stack(app, 'SearchService');
const vpc = new Vpc(stack, 'Network', { maxAzs: 2, natGateways: 1 });

const reranker = new RerankerEndpoint(stack, 'Reranker', {
  // Ships with the package; yours is RerankerModel.fromDirectory('build/tiny').
  model: RerankerModel.embedded(),
  // Built in the account; RerankerImage.fromAsset() builds it here with Docker.
  image: RerankerImage.fromCodeBuild(),
  hosting: {
    mode: 'real-time',
    network: { vpc },
    volumeKey: new Key(stack, 'Key', { enableKeyRotation: true }),
    initialInstanceCount: 2,
    scaling: { maxInstanceCount: 4 },
    others: [{ name: 'Candidate', model: RerankerModel.embedded(), share: 0.1 }],
  },
  monitoring: { alarmTopic: new Topic(stack, 'OnCall', { enforceSSL: true }) },
});

const search = new Function(stack, 'Search', {
  runtime: Runtime.NODEJS_22_X,
  handler: 'index.handler',
  code: Code.fromInline('exports.handler = async () => "your search";'),
  environment: { RERANKER_ENDPOINT_NAME: reranker.endpointName },
});
reranker.grantInvoke(search);

reranker
  .metricModelLatency({ productionVariant: 'Candidate', statistic: 'p99' })
  .createAlarm(stack, 'CandidateIsSlow', {
    threshold: Duration.seconds(1).toMilliseconds() * 1000, // the metric is in microseconds
    evaluationPeriods: 5,
  });
