import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  CfnWaitCondition,
  CfnWaitConditionHandle,
  Duration,
  IgnoreMode,
  RemovalPolicy,
  Stack,
} from 'aws-cdk-lib';
import {
  BuildSpec,
  ComputeType,
  LinuxArmBuildImage,
  LinuxBuildImage,
  Project,
  Source,
} from 'aws-cdk-lib/aws-codebuild';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeAll, acknowledgeManagedPolicy } from './acknowledge';
import type { CpuArchitecture } from './instance-types';

const TIMEOUT = Duration.minutes(30);

export interface CodeBuildImageProps {
  /** Docker build context. */
  readonly directory: string;
  /** Path of the Dockerfile in it, with forward slashes. */
  readonly dockerfile: string;
  /** What the context leaves out besides .dockerignore. */
  readonly exclude: readonly string[];
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
    const source = new Asset(this, 'Context', {
      path: props.directory,
      exclude: [...dockerignore(props.directory), ...props.exclude, '!.dockerignore'],
      ignoreMode: IgnoreMode.DOCKER,
    });
    const tag = `${source.assetHash.slice(0, 32)}-${props.architecture}`;
    this.repository = new Repository(this, 'Repository', {
      imageScanOnPush: true,
      imageTagMutability: TagMutability.MUTABLE,
      lifecycleRules: [{ maxImageCount: 10 }],
      emptyOnDelete: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.uri = this.repository.repositoryUriForTag(tag);
    const project = this.#project(source, props);
    this.built = this.#build(project, tag);
  }

  #project(source: Asset, { architecture, dockerfile }: CodeBuildImageProps): Project {
    const project = new Project(this, 'Project', {
      description: 'Builds and pushes the image of the reranker',
      source: Source.s3({ bucket: source.bucket, path: source.s3ObjectKey }),
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
      logging: {
        cloudWatch: {
          logGroup: new LogGroup(this, 'Log', {
            retention: RetentionDays.ONE_MONTH,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        },
      },
      buildSpec: BuildSpec.fromObject({
        version: '0.2',
        phases: {
          build: {
            commands: [
              'aws ecr get-login-password | docker login --username AWS --password-stdin "${REPOSITORY%%/*}"',
              `docker build --file ${dockerfile} --tag "$REPOSITORY:$TAG" .`,
              'docker push "$REPOSITORY:$TAG"',
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
    this.repository.grantPullPush(project);
    acknowledge(project, 'AwsSolutions-CB3', 'building an image takes the Docker daemon');
    acknowledge(project, 'AwsSolutions-CB4', 'the only artifact is the image, which ECR encrypts');
    acknowledgeAll(
      project,
      'AwsSolutions-IAM5',
      "the CDK's own statements: assets of the bootstrap bucket, log streams and report groups of this project, registry sign-in",
    );
    return project;
  }

  #build(project: Project, tag: string): CfnWaitCondition {
    // A handle takes one signal, and a condition waits but once: both are new for every image.
    const generation = tag.replace('-', '').replace('_', '');
    const handle = new CfnWaitConditionHandle(this, `Signal${generation}`);
    const start = new AwsCustomResource(this, 'Start', {
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
    start.node.addDependency(project, this.repository);
    const built = new CfnWaitCondition(this, `Built${generation}`, {
      handle: handle.ref,
      count: 1,
      timeout: String(TIMEOUT.toSeconds()),
    });
    built.node.addDependency(start);
    this.#explainProvider();
    return built;
  }

  #explainProvider(): void {
    const providers = Stack.of(this).node.children.filter(({ node }) => node.id.startsWith('AWS679f53fac'));
    for (const provider of providers) {
      acknowledgeManagedPolicy(
        provider,
        'service-role/AWSLambdaBasicExecutionRole',
        'the CDK gives its functions the AWS policy that lets them log',
      );
      acknowledge(provider, 'AwsSolutions-L1', 'the CDK pins the runtime that its function is tested on');
    }
  }
}

function dockerignore(directory: string): string[] {
  return readFileSync(path.join(directory, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}
