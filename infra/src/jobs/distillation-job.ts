import { Duration, Stack } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CustomState, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Faults } from '../common/configuration-error.js';
import { bucketGrants, volumeKeyGrants } from '../common/grants.js';
import { privateBucket } from '../common/private-bucket.js';
import { executionRole } from '../endpoint/execution-role.js';
import type { NetworkPlacement } from '../hosting/settings.js';
import { RerankerImage } from '../image/reranker-image.js';
import { bindNetwork, checkNetwork, networkGrants, type BoundNetwork } from '../network/network.js';
import { checkVolumeKey, instanceType } from '../sizing/instance-types.js';
import { allowJobs, jobName, jobNamePrefix, prefixStateMachine } from './prefix-state-machine.js';

export interface DistillationJobProps {
  /**
   * The training image.
   * @default built from the training files that ship with this package, for the platform of the instance type
   */
  readonly image?: RerankerImage;
  /**
   * Instance type.
   * @default ml.c7i.4xlarge
   */
  readonly instanceType?: string;
  /**
   * Bucket with configs and data below `input/`; checkpoints and models are written beside them.
   * @default a new one
   */
  readonly bucket?: IBucket;
  /**
   * Key for checkpoints, models and the volume; the bucket's own default encryption must allow it.
   * @default S3's and SageMaker's own
   */
  readonly encryptionKey?: IKey;
  /**
   * Whether spare capacity is used: cheaper, and interrupted at times, after which the job goes on from its checkpoint.
   * @default true
   */
  readonly spot?: boolean;
  /**
   * Time that training may take, interruptions not counted; at most 28 days.
   * @default 1 day
   */
  readonly maxRuntime?: Duration;
  /**
   * Time that the job may take with waiting for spare capacity; at least `maxRuntime`, and only with `spot`.
   * @default twice `maxRuntime`, at most 28 days
   */
  readonly maxWait?: Duration;
  /**
   * Size of the volume for data and checkpoints, GB, 1..16384.
   * @default 30
   */
  readonly volumeSizeGb?: number;
  /**
   * Steps between two checkpoints.
   * @default 200
   */
  readonly checkpointEvery?: number;
  /**
   * Whether the container is cut off from every network. Decline it where a teacher is a container or an endpoint; an
   * endpoint must also admit the job: `endpoint.grantInvoke(job.role)`.
   * @default true
   */
  readonly networkIsolation?: boolean;
  /**
   * Network placement.
   * @default SageMaker's own network
   */
  readonly network?: NetworkPlacement;
}

const LONGEST = Duration.days(28);

/** What the training container prints with every report, as CloudWatch metrics. */
export const TRAINING_METRICS = ['step', 'loss', 'accuracy', 'agreement', 'tokens_per_second'].map(
  (name) => ({
    Name: `distillation:${name}`,
    // So that no other name that ends alike is taken for it.
    Regex: `(?:^|\\s)${name}=([0-9.eE+-]+)`,
  }),
);

/**
 * A state machine that distils a student in a SageMaker training job. Start it with `{ "prefix": "input/NAME/" }`: below
 * that prefix lie `config.json` and the data it names. The execution ends with the job; its output has
 * `ModelArtifacts.S3ModelArtifacts`, a `model.tar.gz` below `models/JOB/`, where JOB ends in the execution's name (at most 36
 * letters, digits and hyphens). An execution with the same prefix goes on
 * from the checkpoints of the one before.
 */
export class DistillationJob extends Construct {
  readonly stateMachine: StateMachine;
  readonly bucket: IBucket;
  /** What the training container runs with. */
  readonly role: Role;
  /** Start of the names of its jobs. */
  readonly #jobs = jobNamePrefix(this);

  constructor(scope: Construct, id: string, props: DistillationJobProps = {}) {
    super(scope, id);
    const { instance, runtime, wait, spot, trainingImage } = this.#check(props);
    const { encryptionKey: key } = props;
    this.bucket =
      props.bucket ??
      privateBucket(this, 'Bucket', {
        encryptionKey: key,
        holds: 'data, checkpoints and models of training',
      });
    const image = trainingImage.bind(this, 'Image', instance.architecture);
    const network = props.network && bindNetwork(this, props.network);
    const s3 = `s3://${this.bucket.bucketName}`;
    this.role = executionRole(this, 'Role', {
      runs: `training of ${this.node.path}`,
      images: [image],
      modelUrls: [s3],
      logGroupNames: ['/aws/sagemaker/TrainingJobs'],
      logGroupsMade: false,
      logStreams: `${this.#jobs}-*`,
      grants: [
        ...bucketGrants({
          sid: 'Training',
          bucket: this.bucket,
          read: ['input/*', 'checkpoints/*'],
          write: ['checkpoints/*', 'models/*'],
          list: ['input/*', 'checkpoints/*'],
          key,
          open: 'callers name the data, SageMaker the checkpoints and models after them',
        }),
        {
          sid: 'WriteTrainingMetrics',
          actions: ['cloudwatch:PutMetricData'],
          resources: ['*'],
          conditions: { StringEquals: { 'cloudwatch:namespace': '/aws/sagemaker/TrainingJobs' } },
          open: "the action knows no resource; it is held to SageMaker's namespace",
        },
        ...volumeKeyGrants(key),
        ...(network ? networkGrants(Stack.of(this), network) : []),
      ],
    });
    const job = new CustomState(this, 'Train', {
      stateJson: {
        Type: 'Task',
        Resource: `arn:${Stack.of(this).partition}:states:::sagemaker:createTrainingJob.sync`,
        Parameters: {
          'TrainingJobName.$': jobName(this.#jobs),
          RoleArn: this.role.roleArn,
          AlgorithmSpecification: {
            TrainingImage: image.uri,
            TrainingInputMode: 'File',
            MetricDefinitions: TRAINING_METRICS,
          },
          HyperParameters: { 'checkpoint-every': String(props.checkpointEvery ?? 200) },
          InputDataConfig: [
            {
              ChannelName: 'training',
              DataSource: {
                S3DataSource: {
                  S3DataType: 'S3Prefix',
                  S3DataDistributionType: 'FullyReplicated',
                  'S3Uri.$': `States.Format('${s3}/{}', $.prefix)`,
                },
              },
            },
          ],
          CheckpointConfig: { 'S3Uri.$': `States.Format('${s3}/checkpoints/{}', $.prefix)` },
          OutputDataConfig: { S3OutputPath: `${s3}/models`, KmsKeyId: key?.keyArn },
          ResourceConfig: {
            InstanceCount: 1,
            InstanceType: instance.name,
            VolumeSizeInGB: props.volumeSizeGb ?? 30,
            VolumeKmsKeyId: key?.keyArn,
          },
          StoppingCondition: {
            MaxRuntimeInSeconds: runtime.toSeconds(),
            MaxWaitTimeInSeconds: spot ? wait.toSeconds() : undefined,
          },
          EnableManagedSpotTraining: spot,
          EnableNetworkIsolation: props.networkIsolation ?? true,
          VpcConfig: network && vpcConfig(network),
        },
      },
    });
    this.stateMachine = prefixStateMachine(this, {
      pattern: 'input/*/',
      cause: 'The input must be {"prefix": "input/NAME/"}: where config.json and its data lie in the bucket',
      job,
    });
    if (image.dependency) this.stateMachine.node.addDependency(image.dependency);
    allowJobs(this.stateMachine, { kind: 'Training', prefix: this.#jobs, role: this.role });
  }

  #check(props: DistillationJobProps) {
    const faults = new Faults();
    const instance = faults.collect(() => instanceType(props.instanceType ?? 'ml.c7i.4xlarge'));
    const trainingImage = faults.collect(
      () => props.image ?? RerankerImage.fromAsset({ purpose: 'training' }),
    );
    faults.require(
      trainingImage?.purpose !== 'serving',
      "image is built for serving; a training job wants one of purpose 'training'",
    );
    const spot = props.spot ?? true;
    const runtime = props.maxRuntime ?? Duration.days(1);
    const twice = Math.min(2 * runtime.toSeconds(), LONGEST.toSeconds());
    const wait = props.maxWait ?? Duration.seconds(twice);
    faults.integer('maxRuntime in seconds', runtime.toSeconds(), 1, LONGEST.toSeconds());
    faults.require(
      props.maxWait === undefined || spot,
      'maxWait is given without spot; only spare capacity is waited for',
    );
    faults.require(
      !spot || (wait.toSeconds() >= runtime.toSeconds() && wait.toSeconds() <= LONGEST.toSeconds()),
      `maxWait is ${wait.toSeconds()} s; it must be at least maxRuntime (${runtime.toSeconds()} s) and at most 28 days`,
    );
    faults.integer('volumeSizeGb', props.volumeSizeGb, 1, 16_384);
    faults.integer('checkpointEvery', props.checkpointEvery, 1, 1_000_000);
    if (instance) checkVolumeKey('encryptionKey', props.encryptionKey, instance, faults);
    checkNetwork(props.network, faults);
    faults.throwIfAny(`DistillationJob ${this.node.path}`);
    return { instance: instance!, runtime, wait, spot, trainingImage: trainingImage! };
  }
}

function vpcConfig({ vpcConfig: { subnets, securityGroupIds } }: BoundNetwork) {
  return { Subnets: subnets, SecurityGroupIds: securityGroupIds };
}
