import { Duration, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnModel } from 'aws-cdk-lib/aws-sagemaker';
import { Topic, type ITopic } from 'aws-cdk-lib/aws-sns';
import { CustomState, Fail, JsonPath, TaskInput, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { SnsPublish } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { privateBucket } from './buckets.js';
import { Faults } from './configuration-error.js';
import { executionRole, type RoleGrant } from './execution-role.js';
import { volumeKeyGrants } from './exchange.js';
import { instanceType } from './instance-types.js';
import { singleModelData } from './model-data.js';
import { allowJobs, jobName, jobNamePrefix, prefixStateMachine } from './prefix-state-machine.js';
import { RerankerImage } from './reranker-image.js';
import { RerankerModel } from './reranker-model.js';
import { recommendedInstanceType, requireRoom } from './sizing.js';
import { workerEnvironment, workerSettings } from './sizing-workers.js';

export interface RerankerBatchProps {
  /**
   * The model to run.
   * @default the demonstration model that ships with this package
   */
  readonly model?: RerankerModel;
  /**
   * The container image, for x86-64: batch transform has no Graviton instances.
   * @default built from container/Dockerfile
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
    const role = executionRole(this, 'Role', {
      runs: `batches of ${this.node.path}`,
      image: boundImage,
      modelUrls: [data.url],
      logGroupNames: ['/aws/sagemaker/TransformJobs'],
      logStreams: `${this.#jobs}-*`,
      grants: [...data.grants, ...this.#dataGrants(props.encryptionKey)],
    });
    const cfnModel = new CfnModel(this, 'Model', {
      executionRoleArn: role.roleArn,
      enableNetworkIsolation: true,
      primaryContainer: {
        ...data.container,
        image: boundImage.uri,
        environment: {
          ...workerEnvironment(workerSettings([model.figures], instance)),
          // A line may take as long as SageMaker waits for it.
          RERANKER_DEADLINE_MS: String(1000 * INVOCATION_TIMEOUT_SECONDS),
        },
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
            ...(props.encryptionKey && { KmsKeyId: props.encryptionKey.keyArn }),
          },
          TransformResources: {
            InstanceCount: instanceCount,
            InstanceType: instance.name,
            ...(props.encryptionKey && { VolumeKmsKeyId: props.encryptionKey.keyArn }),
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
      faults.collect(() =>
        instanceType(props.instanceType ?? recommendedInstanceType(model.figures.variant)),
      );
    if (model && instance) {
      faults.collect(() => requireRoom({ instance }, [model.figures]));
      faults.require(
        instance.batchTransform,
        `instanceType ${instance.name} is none that batch transform takes: it has no Graviton, no t2, and of the x86 families c4, c5, c6i, c7i, m4, m5, m6i, m7i, r6i and r7i`,
      );
    }
    faults.integer('instanceCount', props.instanceCount, 1, 100);
    faults.throwIfAny(`RerankerBatch ${this.node.path}`);
    return { model: model!, image: image!, instance: instance!, instanceCount: props.instanceCount ?? 1 };
  }

  #dataGrants(key: IKey | undefined): RoleGrant[] {
    const open = 'callers name the requests, SageMaker the answers after them';
    return [
      {
        sid: 'ReadRequests',
        actions: ['s3:GetObject'],
        resources: [this.bucket.arnForObjects('input/*')],
        open,
      },
      {
        sid: 'ListRequests',
        actions: ['s3:ListBucket'],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': 'input/*' } },
      },
      {
        sid: 'WriteAnswers',
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
        resources: [this.bucket.arnForObjects('output/*')],
        open,
      },
      ...(key
        ? [
            {
              sid: 'EncryptAnswers',
              actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
              resources: [key.keyArn],
            },
          ]
        : []),
      ...volumeKeyGrants(key),
    ];
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
