import { CfnWaitCondition, CfnWaitConditionHandle, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  BuildSpec,
  ComputeType,
  LinuxArmBuildImage,
  LinuxBuildImage,
  Project,
  Source,
} from 'aws-cdk-lib/aws-codebuild';
import { Repository, TagMutability, TagStatus } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeAll, acknowledgeProviders } from '../common/acknowledge.js';
import { ConfigurationError } from '../common/configuration-error.js';
import type { CpuArchitecture } from '../sizing/instance-types.js';

const TIMEOUT = Duration.minutes(30);
/**
 * Regions whose CloudFormation lacked `AWS::CodeBuild::Project` in November 2026.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-type-schemas.html
 */
const MISSING = ['ap-east-2', 'ca-west-1', 'mx-central-1'];

interface CodeBuildImageProps {
  /** Docker build context, with a Dockerfile at its root. */
  readonly directory: string;
  readonly architecture: CpuArchitecture;
}

/**
 * An image built in the account, on a machine of its own architecture: for those without Docker, and for arm64 from an x86
 * machine. The deployment uploads the build context, starts the build and waits for its signal.
 */
export class CodeBuildImage extends Construct {
  readonly repository: Repository;
  readonly uri: string;
  /** Exists once the image does. */
  readonly built: CfnWaitCondition;

  constructor(scope: Construct, id: string, props: CodeBuildImageProps) {
    super(scope, id);
    const { region } = Stack.of(this);
    if (MISSING.includes(region)) {
      throw new ConfigurationError(this.node.path, [
        `CloudFormation has no CodeBuild projects in ${region}: build the image elsewhere, by image=local, or name one that is pushed, by image=REPOSITORY:TAG`,
      ]);
    }
    const source = new Asset(this, 'Context', { path: props.directory });
    const tag = `${source.assetHash.slice(0, 32)}-${props.architecture}`;
    this.repository = new Repository(this, 'Repository', {
      imageScanOnPush: true,
      imageTagMutability: TagMutability.MUTABLE,
      // Tags stay: a generation that is retained, or still serves, must find its image. Each is a few hundred MB.
      lifecycleRules: [{ tagStatus: TagStatus.UNTAGGED, maxImageAge: Duration.days(7) }],
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.uri = this.repository.repositoryUriForTag(tag);
    const log = new LogGroup(this, 'Log', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = this.#role(source, log);
    const project = this.#project(source, props, role, log);
    this.built = this.#build(project, role, tag);
  }

  /** This context, this log, this repository: the CDK's own role could read all assets of the bootstrap bucket by name. */
  #role(source: Asset, log: LogGroup): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codebuild.amazonaws.com'),
      description: 'CodeBuild builds the image of the reranker with this role',
    });
    const allow = (actions: string[], resource: string) =>
      role.addToPrincipalPolicy(new PolicyStatement({ actions, resources: [resource] }));
    allow(['s3:GetObject', 's3:GetObjectVersion'], source.bucket.arnForObjects(source.s3ObjectKey));
    allow(['s3:GetBucketAcl', 's3:GetBucketLocation'], source.bucket.bucketArn);
    log.grantWrite(role);
    this.repository.grantPullPush(role);
    acknowledgeAll(role, 'AwsSolutions-IAM5', 'signing in to the registry knows no resource');
    return role;
  }

  #project(source: Asset, { architecture }: CodeBuildImageProps, role: Role, logGroup: LogGroup): Project {
    const project = new Project(this, 'Project', {
      description: 'Builds and pushes the image of the reranker',
      source: Source.s3({ bucket: source.bucket, path: source.s3ObjectKey }),
      role: role.withoutPolicyUpdates(),
      grantReportGroupPermissions: false,
      timeout: TIMEOUT,
      environment: {
        buildImage:
          architecture === 'arm64'
            ? LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0
            : LinuxBuildImage.AMAZON_LINUX_2023_5,
        computeType: ComputeType.SMALL,
        privileged: true,
      },
      environmentVariables: { REPOSITORY: { value: this.repository.repositoryUri } },
      logging: { cloudWatch: { logGroup } },
      buildSpec: BuildSpec.fromObject({
        version: '0.2',
        phases: {
          build: {
            commands: [
              'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
              // No OCI manifest and no attestations, which would make an index of the image: SageMaker takes neither.
              'BUILDX_NO_DEFAULT_ATTESTATIONS=1 DOCKER_BUILDKIT=1 docker build --output type=docker --tag "$REPOSITORY:$TAG" .',
              'docker push "$REPOSITORY:$TAG"',
              'TYPE=$(aws ecr batch-get-image --repository-name "${REPOSITORY#*/}" --image-ids imageTag="$TAG" --query "images[0].imageManifestMediaType" --output text)',
              'test "$TYPE" = application/vnd.docker.distribution.manifest.v2+json || { echo "the manifest is $TYPE, which SageMaker refuses"; exit 1; }',
            ],
          },
          // Runs after a failed build as well, and tells the waiting deployment which of the two it was.
          post_build: {
            commands: [
              'if [ "$CODEBUILD_BUILD_SUCCEEDING" = 1 ]; then STATUS=SUCCESS; else STATUS=FAILURE; fi',
              'printf \'{"Status":"%s","UniqueId":"%s","Data":"%s","Reason":"build %s"}\' "$STATUS" "$TAG" "$TAG" "$CODEBUILD_BUILD_ID" > /tmp/signal.json',
              'curl --fail --silent --show-error --retry 5 --request PUT --header \'Content-Type:\' --upload-file /tmp/signal.json "$SIGNAL_URL"',
            ],
          },
        },
      }),
    });
    acknowledge(project, 'AwsSolutions-CB3', 'building an image takes the Docker daemon');
    acknowledge(project, 'AwsSolutions-CB4', 'the only artifact is the image, which ECR encrypts');
    return project;
  }

  #build(project: Project, role: Role, tag: string): CfnWaitCondition {
    // A handle takes one signal, and a condition waits but once: both are new for every image.
    const generation = tag.replace('-', '').replace('_', '');
    const handle = new CfnWaitConditionHandle(this, `Signal${generation}`);
    // One function of the CDK's starts all builds of a stack; Lambda would keep its log for ever.
    const stack = Stack.of(this);
    const log =
      (stack.node.tryFindChild('StartLog') as LogGroup | undefined) ??
      new LogGroup(stack, 'StartLog', {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    const start = new AwsCustomResource(this, 'Start', {
      logGroup: log,
      resourceType: 'Custom::StartImageBuild',
      installLatestAwsSdk: false,
      onUpdate: {
        service: 'CodeBuild',
        action: 'startBuild',
        parameters: {
          projectName: project.projectName,
          environmentVariablesOverride: [
            { name: 'TAG', value: tag },
            { name: 'SIGNAL_URL', value: handle.ref },
          ],
        },
        outputPaths: ['build.id'],
        physicalResourceId: PhysicalResourceId.of(tag),
      },
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: ['codebuild:StartBuild'], resources: [project.projectArn] }),
      ]),
    });
    // The project is referred to; what it may do, and where it pushes to, must be there as well.
    start.node.addDependency(role, this.repository);
    const built = new CfnWaitCondition(this, `Built${generation}`, {
      handle: handle.ref,
      count: 1,
      timeout: String(TIMEOUT.toSeconds()),
    });
    built.node.addDependency(start);
    acknowledgeProviders(stack, 'AWS679f53fac');
    return built;
  }
}
