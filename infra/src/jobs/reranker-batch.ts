import { Duration, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { CustomState, Fail, JsonPath, TaskInput, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { Faults } from '../common/configuration-error.js';
import { containerEnvironment } from '../common/container-environment.js';
import { bucketGrants, volumeKeyGrants } from '../common/grants.js';
import { privateBucket } from '../common/private-bucket.js';
import { executionRole } from '../endpoint/execution-role.js';
import type { NetworkPlacement } from '../hosting/settings.js';
import { RerankerImage } from '../image/reranker-image.js';
import { singleModelData } from '../model/model-data.js';
import { RerankerModel } from '../model/reranker-model.js';
import { bindNetwork, checkNetwork, networkGrants } from '../network/network.js';
import { checkVolumeKey, instanceType } from '../sizing/instance-types.js';
import { recommendedInstanceType, requireRoom } from '../sizing/sizing.js';
import { workerSettings } from '../sizing/workers.js';
import { allowJobs, jobName, jobNamePrefix, prefixStateMachine } from './prefix-state-machine.js';

export interface RerankerBatchProps {
  /**
   * The model to run.
   * @default the demonstration model that ships with this package
   */
  readonly model?: RerankerModel;
  /**
   * The container image, for x86-64: batch transform has no Graviton instances.
   * @default built from the files that ship with this package
   */
  readonly image?: RerankerImage;
  /**
   * Instance type; one that batch transform takes.
   * @default the recommended type of the variant
   */
  readonly instanceType?: string;
  /**
   * Instances of a job. SageMaker divides the objects below the prefix among them: give at least as many objects.
   * @default 1
   */
  readonly instanceCount?: number;
  /**
   * Bucket with requests below `input/`, to which answers are written below `output/`.
   * @default a new one
   */
  readonly bucket?: IBucket;
  /**
   * Key for answers and volumes.
   * @default S3's and SageMaker's own
   */
  readonly encryptionKey?: IKey;
  /**
   * Network placement of the instances.
   * @default SageMaker's own network
   */
  readonly network?: NetworkPlacement;
  /**
   * Told how each job ended.
   * @default a new topic without subscribers
   */
  readonly topic?: ITopic;
  /**
   * Time a job may take.
   * @default 1 day
   */
  readonly timeout?: Duration;
}

/** Payload of a transform request in MB; with two requests at once a vCPU it stays below SageMaker's 100 MB in all. */
const MAX_PAYLOAD_MB = 6;
const MAX_TOTAL_MB = 100;
/** What SageMaker waits for the answer to a line, at most an hour. */
const INVOCATION_TIMEOUT_SECONDS = 600;

/**
 * A state machine that reranks every line of the JSON-lines objects below a prefix by a batch transform job, and
 * reports. Start it with `{ "prefix": "input/2026-11-23/" }`; each line is a request as `POST /invocations` takes it, and
 * the line of the same number below `output/NAME-OF-EXECUTION/` is its answer. An execution's name has at most 36 letters,
 * digits and hyphens: the job is named by it.
 */
export class RerankerBatch extends Construct {
  readonly stateMachine: StateMachine;
  readonly bucket: IBucket;
  readonly topic: ITopic;
  /** Start of the names of its jobs. */
  readonly #jobs = jobNamePrefix(this);

  constructor(scope: Construct, id: string, props: RerankerBatchProps = {}) {
    super(scope, id);
    const { model, image, instance, instanceCount } = this.#check(props);
    const stack = Stack.of(this);
    this.bucket =
      props.bucket ??
      privateBucket(this, 'Bucket', {
        encryptionKey: props.encryptionKey,
        holds: 'requests and answers of batches',
      });
    this.topic = props.topic ?? new Topic(this, 'Reports', { enforceSSL: true });

    const data = singleModelData(this, 'ModelData', model);
    const boundImage = image.bind(this, 'Image', instance.architecture);
    const network = props.network && bindNetwork(this, props.network);
    const role = executionRole(this, 'Role', {
      runs: `batches of ${this.node.path}`,
      images: [boundImage],
      modelUrls: [data.url],
      logGroupNames: ['/aws/sagemaker/TransformJobs'],
      logGroupsMade: false,
      logStreams: `${this.#jobs}-*`,
      grants: [
        ...data.grants,
        ...bucketGrants({
          sid: 'Batch',
          bucket: this.bucket,
          read: ['input/*'],
          write: ['output/*'],
          list: ['input/*'],
          key: props.encryptionKey,
          open: 'callers name the requests, SageMaker the answers after them',
        }),
        ...(network ? networkGrants(stack, network) : []),
        ...volumeKeyGrants(props.encryptionKey),
      ],
    });
    const cfnModel = new CfnModel(this, 'Model', {
      executionRoleArn: role.roleArn,
      enableNetworkIsolation: true,
      vpcConfig: network?.vpcConfig,
      primaryContainer: {
        ...data.container,
        image: boundImage.uri,
        environment: containerEnvironment({
          ...workerSettings([model.figures], instance),
          // A line may take as long as SageMaker waits for it.
          deadlineMs: 1000 * INVOCATION_TIMEOUT_SECONDS,
        }),
      },
    });
    if (boundImage.dependency) cfnModel.node.addDependency(boundImage.dependency);

    const concurrent = Math.max(1, Math.min(2 * instance.vcpus, Math.floor(MAX_TOTAL_MB / MAX_PAYLOAD_MB)));
    const transform = new CustomState(this, 'Transform', {
      stateJson: {
        Type: 'Task',
        Resource: `arn:${stack.partition}:states:::sagemaker:createTransformJob.sync`,
        Parameters: {
          'TransformJobName.$': jobName(this.#jobs),
          ModelName: cfnModel.attrModelName,
          MaxConcurrentTransforms: concurrent,
          MaxPayloadInMB: MAX_PAYLOAD_MB,
          BatchStrategy: 'SingleRecord',
          ModelClientConfig: {
            InvocationsTimeoutInSeconds: INVOCATION_TIMEOUT_SECONDS,
            InvocationsMaxRetries: 3,
          },
          TransformInput: {
            ContentType: 'application/json',
            SplitType: 'Line',
            DataSource: {
              S3DataSource: {
                S3DataType: 'S3Prefix',
                'S3Uri.$': `States.Format('s3://${this.bucket.bucketName}/{}', $.prefix)`,
              },
            },
          },
          TransformOutput: {
            Accept: 'application/json',
            AssembleWith: 'Line',
            'S3OutputPath.$': `States.Format('s3://${this.bucket.bucketName}/output/{}/', $$.Execution.Name)`,
            KmsKeyId: props.encryptionKey?.keyArn,
          },
          TransformResources: {
            InstanceCount: instanceCount,
            InstanceType: instance.name,
            VolumeKmsKeyId: props.encryptionKey?.keyArn,
          },
        },
        ResultPath: '$.job',
        TimeoutSeconds: (props.timeout ?? Duration.days(1)).toSeconds(),
      },
    });
    const failed = this.#report('ReportFailure', 'failed', {
      reason: JsonPath.stringAt('$.error.Cause'),
    }).next(new Fail(this, 'Failed', { causePath: '$.error.Cause', errorPath: '$.error.Error' }));
    const definition = transform.addCatch(failed, { resultPath: '$.error' }).next(
      this.#report('ReportSuccess', 'completed', {
        started: JsonPath.numberAt('$.job.TransformStartTime'),
        ended: JsonPath.numberAt('$.job.TransformEndTime'),
        output: JsonPath.stringAt('$.job.TransformOutput.S3OutputPath'),
      }),
    );
    this.stateMachine = prefixStateMachine(this, {
      pattern: 'input/*',
      cause: 'The input must be {"prefix": "input/..."}: where the JSON-lines objects lie in the bucket',
      job: definition,
    });
    allowJobs(this.stateMachine, { kind: 'Transform', prefix: this.#jobs });
  }

  #check(props: RerankerBatchProps) {
    const faults = new Faults();
    const model = faults.collect(() => props.model ?? RerankerModel.embedded());
    const image = faults.collect(() => props.image ?? RerankerImage.fromAsset());
    const instance =
      model &&
      faults.collect(() => instanceType(props.instanceType ?? recommendedInstanceType(model.figures)));
    if (model && instance) {
      faults.collect(() => requireRoom({ instance }, [model.figures]));
      faults.require(
        instance.batchTransform,
        `instanceType ${instance.name} is none that batch transform takes: it has no Graviton, no t2, and of the x86 families c4, c5, c6i, c7i, m4, m5, m6i, m7i, r6i and r7i`,
      );
    }
    if (instance) checkVolumeKey('encryptionKey', props.encryptionKey, instance, faults);
    faults.require(
      model?.compressed !== false,
      'model lies uncompressed below a prefix, which batch transform refuses: give RerankerModel.fromBucket or fromDirectory',
    );
    checkNetwork(props.network, faults);
    faults.integer('instanceCount', props.instanceCount, 1, 100);
    faults.throwIfAny(`RerankerBatch ${this.node.path}`);
    return { model: model!, image: image!, instance: instance!, instanceCount: props.instanceCount ?? 1 };
  }

  #report(id: string, status: string, details: Record<string, unknown>): SnsPublish {
    return new SnsPublish(this, id, {
      topic: this.topic,
      subject: `Reranker batch ${status}`,
      message: TaskInput.fromObject({
        status,
        execution: JsonPath.stringAt('$$.Execution.Name'),
        prefix: JsonPath.stringAt('$.prefix'),
        ...details,
      }),
      resultPath: JsonPath.DISCARD,
    });
  }
}
