// A CDK app of somebody else: what is made and what exists already, in stacks beside one another. Prints what was synthesized.
import { App, Duration, Stack } from 'aws-cdk-lib';
import { Schedule } from 'aws-cdk-lib/aws-applicationautoscaling';
import { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import { Peer, Port, SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, Role, ServicePrincipal, User } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import {
  RerankerApi,
  RerankerBatch,
  RerankerEndpoint,
  RerankerFunction,
  RerankerImage,
  RerankerModel,
  variantFigures,
} from '@sagemaker-reranker/infra';

const flags = JSON.parse(process.env.CDK_FLAGS ?? '{}');
const app = new App({ context: flags });
const env = { account: '111122223333', region: 'eu-west-1' };
const stack = (id) => new Stack(app, id, { env });
const image = () => RerankerImage.fromCodeBuild();
const arn = (name, region = 'eu-west-1') => `arn:aws:sagemaker:${region}:111122223333:endpoint/${name}`;

{
  const made = stack('Made');
  const vpc = new Vpc(made, 'Vpc', { maxAzs: 2 });
  const endpoint = new RerankerEndpoint(made, 'Reranker', {
    image: image(),
    hosting: {
      mode: 'real-time',
      network: { vpc },
      initialInstanceCount: 2,
      scaling: { maxInstanceCount: 4 },
    },
  });
  endpoint.connections.allowTo(Peer.ipv4('10.1.0.0/16'), Port.tcp(443));
  new SecurityGroup(made, 'Theirs', { vpc }).connections.allowFrom(endpoint, Port.tcp(5432));
  new Key(made, 'Key').grantDecrypt(endpoint);
  new Bucket(made, 'Bucket').grantRead(endpoint.grantPrincipal);
  endpoint.grantInvoke(new User(made, 'User'));
  endpoint.grantInvoke(new AccountPrincipal('444455556666'));
  endpoint.scalableTarget.scaleOnSchedule('Night', {
    schedule: Schedule.cron({ hour: '22', minute: '0' }),
    maxCapacity: 2,
  });
  endpoint.cfnEndpointConfig.addPropertyOverride('ProductionVariants.0.EnableSSMAccess', true);
  const metrics = Object.getOwnPropertyNames(Object.getPrototypeOf(Object.getPrototypeOf(endpoint))).filter(
    (name) => name.startsWith('metric'),
  );
  for (const name of metrics.filter((each) => each !== 'metric'))
    endpoint[name]({ period: Duration.minutes(5), statistic: 'Average' }).createAlarm(made, name, {
      threshold: 1,
      evaluationPeriods: 1,
    });
}

{
  const traffic = stack('Traffic');
  const others = [
    { name: 'B', model: RerankerModel.embedded(), share: 0.2 },
    { name: 'C', model: RerankerModel.embedded(), share: 0.1 },
  ];
  new RerankerEndpoint(traffic, 'Shares', {
    image: image(),
    role: new Role(traffic, 'Role', { assumedBy: new ServicePrincipal('sagemaker.amazonaws.com') }),
    hosting: { mode: 'real-time', others },
    monitoring: {
      dashboard: new Dashboard(traffic, 'Board'),
      alarmTopic: new Topic(traffic, 'OnCall'),
      logGroups: [new LogGroup(traffic, 'Log')],
    },
  });
  const models = Bucket.fromBucketAttributes(traffic, 'Models', {
    bucketName: 'team-models',
    encryptionKey: new Key(traffic, 'Key'),
  });
  new RerankerEndpoint(traffic, 'Shadowed', {
    image: image(),
    model: RerankerModel.fromPrefix(models, 'tiny/', variantFigures('tiny', 'int8')),
    hosting: {
      mode: 'real-time',
      shadow: { name: 'S', model: RerankerModel.embedded(), share: 0.5 },
    },
    monitoring: { alarms: false, dashboard: 'none', alarmTopic: 'none' },
  });
}

{
  const batch = stack('Batch');
  new RerankerBatch(batch, 'Batch', {
    image: image(),
    network: { vpc: new Vpc(batch, 'Vpc', { maxAzs: 2 }) },
    encryptionKey: new Key(batch, 'Key'),
  });
}

const imported = {
  RealTime: [{ endpointName: 'x' }],
  Elsewhere: [{ endpointArn: arn('x', 'us-east-1') }],
  Serverless: [{ endpointName: 'x', mode: 'serverless' }],
  Asynchronous: [{ endpointName: 'x', mode: 'asynchronous' }],
  MultiModel: [{ endpointArn: arn('x'), mode: 'multi-model', targetModels: ['turbo', 'tiny'] }, 'tiny'],
  Components: [
    { endpointName: 'x', mode: 'inference-components', componentNames: { tiny: 'x-tiny', turbo: 'x-turbo' } },
    'turbo',
  ],
};
for (const [id, [attributes, variant]] of Object.entries(imported)) {
  const caller = stack(id);
  const exchangeBucket =
    attributes.mode === 'asynchronous' ? Bucket.fromBucketName(caller, 'Bucket', 'exchange') : undefined;
  const endpoint = RerankerEndpoint.fromEndpointAttributes(caller, 'Existing', {
    ...attributes,
    exchangeBucket,
  });
  const reranker = new RerankerFunction(caller, 'Function', { endpoint, variant });
  if (exchangeBucket === undefined) new RerankerApi(caller, 'Api', { function: reranker });
}
{
  const named = stack('ByArn');
  RerankerEndpoint.fromEndpointArn(named, 'Existing', arn('x')).grantInvoke(new User(named, 'User'));
}

const assembly = app.synth();
const found = assembly.stacks.map(({ stackName, template, messages }) => {
  const resources = Object.values(template.Resources);
  const types = resources.map(({ Type }) => Type);
  const environment = resources
    .map(({ Properties }) => Properties?.Environment?.Variables)
    .find((each) => each?.RERANKER_ENDPOINT_NAME);
  return {
    stackName,
    counts: Object.fromEntries(types.map((type) => [type, types.filter((each) => each === type).length])),
    environment,
    errors: messages.filter(({ level }) => level !== 'info').map(({ id, entry }) => `${id}: ${entry.data}`),
  };
});
console.log(JSON.stringify(found));
