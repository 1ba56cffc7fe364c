import { CfnOutput, RemovalPolicy, Stack, Tags, type StackProps } from 'aws-cdk-lib';
import { Repository } from 'aws-cdk-lib/aws-ecr';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { alarmTopic } from '../common/alarm-topic.js';
import { modeOf } from '../hosting/hosting.js';
import type { StackPlace } from './context-reader.js';
import { endpointName, type DeploymentContext } from './context.js';
import { RerankerNetwork } from '../network/network.js';
import { RerankerApi } from '../callers/reranker-api.js';
import { RerankerBatch } from '../jobs/reranker-batch.js';
import { RerankerEndpoint } from '../endpoint/reranker-endpoint.js';
import { RerankerFunction } from '../callers/reranker-function.js';
import type { ManyModelEndpointProps, SingleModelEndpointProps } from '../endpoint/props.js';
import { RerankerImage } from '../image/reranker-image.js';
import { RerankerModel } from '../model/reranker-model.js';

export interface RerankerStackProps extends StackProps {
  readonly context: DeploymentContext;
  /**
   * The container image.
   * @default what the context says
   */
  readonly image?: RerankerImage;
}

type ServedModels =
  Pick<SingleModelEndpointProps, 'model' | 'hosting'> | Pick<ManyModelEndpointProps, 'models' | 'hosting'>;

/** The rerankers of one environment: endpoint, alarms, and what the context asks for besides. */
export class RerankerStack extends Stack {
  readonly endpoint: RerankerEndpoint;

  constructor(scope: Construct, id: string, props: RerankerStackProps) {
    const { context, image, ...stackProps } = props;
    const names = context.names.join('-');
    super(scope, id, {
      description: `Reranker ${names}, ${context.hosting.mode}, environment ${context.environment}`,
      terminationProtection: isProduction(context.environment),
      ...stackProps,
    });
    const chosenImage = image ?? this.#image(context);
    const place = this.#place(context);
    this.endpoint = new RerankerEndpoint(this, 'Reranker', {
      ...this.#models(context, place),
      image: chosenImage,
      endpointName: endpointName(context),
      monitoring: { alarmTopic: this.#alarmTopic(context), usdPerInstanceHour: context.usdPerInstanceHour },
    });
    this.#consumers(context, chosenImage, place);
    Tags.of(this).add('reranker:variant', context.names.join(' '));
    Tags.of(this).add('reranker:environment', context.environment);
    for (const [key, value] of Object.entries(context.tags)) Tags.of(this).add(key, value);
    new CfnOutput(this, 'EndpointName', { value: this.endpoint.endpointName });
    new CfnOutput(this, 'EndpointArn', { value: this.endpoint.endpointArn });
    new CfnOutput(this, 'AlarmTopicArn', { value: this.endpoint.monitoring.topic!.topicArn });
    if (this.endpoint.exchangeBucket) {
      new CfnOutput(this, 'ExchangeBucket', { value: this.endpoint.exchangeBucket.bucketName });
    }
  }

  #consumers(
    { consumers, modelDirectories, variants }: DeploymentContext,
    image: RerankerImage | undefined,
    { network, key }: StackPlace,
  ): void {
    if (consumers.includes('function') || consumers.includes('api')) {
      const reranker = new RerankerFunction(this, 'Function', { endpoint: this.endpoint });
      new CfnOutput(this, 'FunctionName', { value: reranker.function.functionName });
      if (consumers.includes('api')) {
        const api = new RerankerApi(this, 'Api', { function: reranker });
        new CfnOutput(this, 'ApiUrl', { value: api.url });
      }
    }
    if (consumers.includes('batch')) {
      const [directory] = modelDirectories;
      const batch = new RerankerBatch(this, 'Batch', {
        model: directory ? RerankerModel.fromDirectory(directory, { variant: variants[0] }) : undefined,
        image,
        network,
        encryptionKey: key,
      });
      new CfnOutput(this, 'BatchBucket', { value: batch.bucket.bucketName });
      new CfnOutput(this, 'BatchStateMachineArn', { value: batch.stateMachine.stateMachineArn });
    }
  }

  #models(context: DeploymentContext, place: StackPlace): ServedModels {
    const models =
      context.modelDirectories.length === 0
        ? [RerankerModel.embedded()]
        : context.modelDirectories.map((directory, i) =>
            RerankerModel.fromDirectory(directory, { variant: context.variants[i] }),
          );
    const hosting = modeOf(context.hosting.mode).place(context.hosting, place);
    return hosting.mode === 'multi-model' || hosting.mode === 'inference-components'
      ? { models, hosting }
      : { model: models[0], hosting };
  }

  #place({ isolatedNetwork, availabilityZones, ownKey }: DeploymentContext): StackPlace {
    return {
      network: isolatedNetwork
        ? new RerankerNetwork(this, 'Network', { availabilityZones }).placement
        : undefined,
      key: ownKey
        ? new Key(this, 'Key', { enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN })
        : undefined,
    };
  }

  #image({ image }: DeploymentContext): RerankerImage | undefined {
    if (image.kind === 'codebuild') return RerankerImage.fromCodeBuild();
    if (image.kind === 'local') return undefined;
    const repository = Repository.fromRepositoryName(this, 'ImageRepository', image.repository);
    return RerankerImage.fromRepository(repository, image.tagOrDigest);
  }

  #alarmTopic({ alarmEmail }: DeploymentContext): Topic | undefined {
    if (alarmEmail === undefined) return undefined;
    const topic = alarmTopic(this, 'AlarmTopic');
    topic.addSubscription(new EmailSubscription(alarmEmail));
    return topic;
  }
}

function isProduction(environment: string): boolean {
  return /^prod(uction)?$/.test(environment);
}
