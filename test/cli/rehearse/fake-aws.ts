import { readFileSync, writeFileSync } from 'node:fs';
import type { Answer, Shell } from '../../../cli/src/rehearse/shell.js';
import type { RehearsalState } from '../../../cli/src/rehearse/state.js';

interface FakeStack {
  mode: string;
  context: Record<string, string>;
  endpoint: string;
  /** Oldest first. */
  configs: string[];
  current: string;
  instances: number;
  copies: number;
  events: { config: string; status: string }[];
}

/** A rehearsal before its first step. */
export const freshState = (): RehearsalState => ({
  version: 1,
  environment: 'rehearsal',
  region: 'eu-west-1',
  account: '111122223333',
  started: '2026-11-25T00:00:00Z',
  stacks: [],
  outcomes: {},
  removeWith: 'reranker rehearse --clean-up',
});

const ok = (value?: unknown): Answer => ({
  status: 0,
  stdout: value === undefined ? '' : JSON.stringify(value),
  stderr: '',
});
const refused = (code: string, operation: string, message: string): Answer => ({
  status: 254,
  stdout: '',
  stderr: `An error occurred (${code}) when calling the ${operation} operation: ${message}`,
});

/**
 * Behaves like AWS behind its CLI and the CDK's, as far as a rehearsal sees it: stacks with endpoints and configs, alarms
 * that reach subscribed queues, fleets that scale, generations that outlive their stack. Time passes when somebody waits.
 */
export class FakeAws implements Shell {
  readonly commands: string[] = [];
  /** The same, word by word. */
  readonly calls: (readonly string[])[] = [];
  readonly stacks = new Map<string, FakeStack>();
  readonly generations = new Set<string>();
  queue: { url: string; messages: string[] } | undefined;
  /** Names of alarms that are in alarm. */
  readonly alarmed = new Set<string>();
  /** Log groups that are there before anything is deployed. */
  readonly logGroups = new Set<string>();
  /** What carries the environment's tag besides the generations. */
  tagged: string[] = [];
  /** Roles of generations, by name. */
  readonly roles = new Set<string>();
  docker = true;
  /** Inference processes that the first type has by default. */
  workers = '2';
  /** The caller's ARN, and the actions that IAM would refuse it. */
  arn = 'arn:aws:sts::111122223333:assumed-role/Deployer/session';
  readonly forbidden = new Set<string>();
  /** What CloudFormation is doing when it is looked at first, until somebody waits. */
  status = 'CREATE_COMPLETE';
  subscribed = false;
  /** What another account would be like. */
  credentials = true;
  quota = 4;
  bootstrapped = true;
  topicAdmitsAlarms = true;
  readonly denied = new Set<string>();
  /** Called before each command; throws to be interrupted. */
  onCommand: (command: string) => void = () => undefined;
  #clock = 0;
  #deployments = 0;
  #updating: { stack: FakeStack; back: boolean } | undefined;

  now(): number {
    return this.#clock;
  }

  pause(seconds: number): Promise<void> {
    this.#clock += 1000 * seconds;
    this.status = 'CREATE_COMPLETE';
    for (const stack of this.stacks.values()) this.#rest(stack);
    return Promise.resolve();
  }

  async run(command: readonly string[]): Promise<Answer> {
    const line = command.join(' ');
    this.commands.push(line);
    this.calls.push(command);
    this.onCommand(line);
    const [program, service = '', operation = ''] = command;
    if (program === 'docker') return this.docker ? ok() : { status: 1, stdout: '', stderr: 'no daemon' };
    if (program === 'npx' && operation === 'destroy') return this.#destroy(command[3]!);
    if (program === 'npx') return operation === 'deploy' ? this.#deploy(command) : ok();
    if (service === '--version') return ok();
    if (this.denied.has(`${service} ${operation}`))
      return refused('AccessDenied', operation, 'not authorized');
    const options = optionsOf(command.slice(3));
    return this.#answer(`${service} ${operation}`, options);
  }

  /** An idle fleet shrinks, as scaling would have it. */
  #rest(stack: FakeStack): void {
    if (stack.mode === 'asynchronous' && stack.context.minInstanceCount === undefined) stack.instances = 0;
    if (stack.mode === 'inference-components') stack.copies = 0;
  }

  async #deploy(command: readonly string[]): Promise<Answer> {
    const [, , , name = ''] = command;
    const context = Object.fromEntries(
      command.flatMap((each, i) => (each === '-c' ? [command[i + 1]!.split('=') as [string, string]] : [])),
    );
    const mode = context.hosting!;
    const before = this.stacks.get(name);
    const config = `Config-${(this.#deployments += 1)}`;
    const same = before && JSON.stringify(before.context) === JSON.stringify(context);
    if (!before) {
      const endpoint = name.replace(/^reranker-(.*)-embedded/, 'reranker-embedded-$1');
      this.stacks.set(name, {
        mode,
        context,
        endpoint,
        configs: [config],
        current: config,
        instances: Number(context.initialInstanceCount ?? 1),
        copies: 1,
        events: [{ config, status: 'CREATE_COMPLETE' }],
      });
    } else if (!same) {
      this.#updating = { stack: before, back: false };
      // An update takes time, in which alarms may go off.
      for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
      const { back } = this.#updating;
      this.#updating = undefined;
      if (back) return { status: 1, stdout: '', stderr: 'UPDATE_ROLLBACK_COMPLETE: alarm' };
      before.configs.push(config);
      // A replacement is an update of the stack's resource.
      before.events.push(
        { config, status: 'UPDATE_COMPLETE' },
        { config: before.configs.at(-2)!, status: 'DELETE_SKIPPED' },
      );
      before.current = config;
      before.context = context;
      this.generations.add(config);
    }
    this.generations.add(config);
    return ok();
  }

  #destroy(stackName: string): Answer {
    const stack = this.stacks.get(stackName);
    if (stack) this.generations.delete(stack.current);
    this.stacks.delete(stackName);
    return ok();
  }

  get #components(): FakeStack {
    return [...this.stacks.values()].find(({ mode }) => mode === 'inference-components')!;
  }

  #named(options: Options, key: string): FakeStack | undefined {
    const name = options[key] ?? '';
    return (
      this.stacks.get(name) ??
      [...this.stacks.values()].find(
        ({ endpoint }) => name.startsWith(endpoint) && endpointOf(name) === endpoint,
      )
    );
  }

  #answer(operation: string, options: Options): Answer {
    const stackName = options['stack-name'] ?? '';
    const stack = this.stacks.get(stackName);
    const endpoint = this.#named(options, 'endpoint-name');
    switch (operation) {
      case 'sts get-caller-identity':
        return this.credentials
          ? ok({ Account: '111122223333', Arn: this.arn })
          : {
              status: 253,
              stdout: '',
              stderr:
                'Unable to locate credentials. You can configure credentials by running "aws configure".',
            };
      case 'service-quotas list-service-quotas':
        return ok({
          Quotas: [{ QuotaName: 'ml.c7i.large for endpoint usage', Value: this.quota, QuotaCode: 'L-1' }],
        });
      case 'cloudformation describe-stacks':
        if (stackName === 'CDKToolkit' && this.bootstrapped) return ok({ Stacks: [{}] });
        if (!stack)
          return refused('ValidationError', 'DescribeStacks', `Stack with id ${stackName} does not exist`);
        return ok({
          Stacks: [
            {
              StackStatus: this.status,
              Outputs: [
                'AlarmTopicArn',
                'ExchangeBucket',
                'FunctionName',
                'BatchBucket',
                'BatchStateMachineArn',
              ].map((OutputKey) => ({
                OutputKey,
                OutputValue: OutputKey.toLowerCase(),
              })),
            },
          ],
        });
      case 'cloudformation describe-stack-events':
        return ok(
          [...(stack?.events ?? [])]
            .reverse()
            .filter(({ status }) => options.query!.includes(`'${status}'`))
            .map(({ config }) => ['2026-11-25T10:00:00Z', arnOf('endpoint-config', config)]),
        );
      case 'cloudformation list-stack-resources':
        return stack
          ? ok({
              StackResourceSummaries: [
                ['AWS::S3::Bucket', 'Exchange', 'exchange'],
                ['AWS::SageMaker::Model', 'RerankerModel', arnOf('model', `model-of-${stackName}`)],
                [
                  'AWS::CloudWatch::Alarm',
                  'RerankerMonitoringServerErrors',
                  `${stackName}-RerankerMonitoringServerErrors-1`,
                ],
              ].map(([ResourceType, LogicalResourceId, PhysicalResourceId]) => ({
                ResourceType,
                LogicalResourceId,
                PhysicalResourceId,
              })),
            })
          : refused('ValidationError', 'ListStackResources', `Stack with id ${stackName} does not exist`);
      case 'cloudformation delete-stack':
        return this.#destroy(stackName);
      case 'sagemaker describe-endpoint':
        if (!endpoint) return refused('ValidationException', 'DescribeEndpoint', 'Could not find endpoint');
        return ok({
          EndpointStatus: this.#updating?.stack === endpoint ? 'Updating' : 'InService',
          EndpointConfigName: endpoint.current,
          ProductionVariants: [{ VariantName: 'AllTraffic', CurrentInstanceCount: endpoint.instances }],
        });
      case 'sagemaker describe-endpoint-config':
        return this.generations.has(options['endpoint-config-name']!)
          ? ok({})
          : refused('ValidationException', 'DescribeEndpointConfig', 'Could not find');
      case 'sagemaker update-endpoint':
        if (!this.generations.has(options['endpoint-config-name']!))
          return refused('ValidationException', 'UpdateEndpoint', 'Could not find');
        endpoint!.current = options['endpoint-config-name']!;
        return ok({});
      case 'sagemaker update-endpoint-weights-and-capacities':
        endpoint!.instances = Number(
          /DesiredInstanceCount=(\d+)/.exec(options['desired-weights-and-capacities']!)![1],
        );
        return ok({});
      case 'sagemaker describe-model': {
        const made = this.stacks.get(options['model-name']!.replace('model-of-', ''));
        if (!made) return refused('ValidationException', 'DescribeModel', 'Could not find model');
        return ok({
          PrimaryContainer: {
            Image: '1.dkr.ecr.eu-west-1.amazonaws.com/assets:tag',
            Environment: { RERANKER_WORKERS: made.context.workers ?? this.workers },
          },
        });
      }
      case 'ecr batch-get-image':
        return ok({
          images: [{ imageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json' }],
        });
      case 'sagemaker-runtime invoke-endpoint': {
        if (!readFileSync(options.body!.slice('fileb://'.length), 'utf8').includes('documents'))
          return refused('ModelError', 'InvokeEndpoint', 'Received client error (400) from primary');
        if (endpoint?.mode === 'inference-components') endpoint.copies = 1;
        writeFileSync(
          options.positional!,
          JSON.stringify({
            results: [
              { index: 0, relevance_score: 0.9 },
              { index: 1, relevance_score: 0.1 },
            ],
          }),
        );
        return ok({ ContentType: 'application/json' });
      }
      case 'sagemaker-runtime invoke-endpoint-async':
        return ok({ OutputLocation: 's3://exchange/output/answer.out' });
      case 's3api get-object':
        writeFileSync(
          options.positional!,
          JSON.stringify({
            results: [
              { index: 0, relevance_score: 0.9 },
              { index: 1, relevance_score: 0.1 },
            ],
          }),
        );
        return ok({});
      case 'lambda invoke':
        writeFileSync(options.positional!, JSON.stringify({ results: [{ index: 0 }, { index: 1 }] }));
        return ok({ StatusCode: 200 });
      case 'cloudwatch describe-alarms':
        return ok([...this.alarmed].map((name) => [name, 'rehearsal']));
      case 'cloudwatch set-alarm-state':
        if (options['state-value'] === 'ALARM') {
          this.alarmed.add(options['alarm-name']!);
          if (this.#updating) this.#updating.back = true;
          if (this.subscribed && this.topicAdmitsAlarms) this.queue!.messages.push(options['alarm-name']!);
        } else this.alarmed.delete(options['alarm-name']!);
        return ok();
      case 'logs describe-log-groups':
        return ok({ logGroups: [...this.logGroups].map((logGroupName) => ({ logGroupName })) });
      case 'logs start-query':
        return ok({ queryId: '1' });
      case 'logs get-query-results':
        return ok({
          status: 'Complete',
          results: [
            [
              { field: 'code', value: 'documents_missing' },
              { field: 'count()', value: '1' },
            ],
          ],
        });
      case 'iam get-role':
        return ok({ Role: { Arn: `arn:aws:iam::111122223333:role/path/${options['role-name']}` } });
      case 'iam simulate-principal-policy':
        return ok({
          EvaluationResults: options['action-names']!.split(' ').map((EvalActionName) => ({
            EvalActionName,
            EvalDecision: this.forbidden.has(EvalActionName) ? 'implicitDeny' : 'allowed',
          })),
        });
      case 'application-autoscaling describe-scalable-targets':
        return ok({
          ScalableTargets: [...this.stacks.values()]
            .filter(({ context }) => context.maxInstanceCount !== undefined)
            .map(({ endpoint: name }) => ({ ResourceId: `endpoint/${name}/variant/AllTraffic` })),
        });
      case 'sqs create-queue':
        this.queue = { url: 'https://sqs/queue', messages: [] };
        return ok({ QueueUrl: this.queue.url });
      case 'sqs get-queue-url':
        return this.queue
          ? ok({ QueueUrl: this.queue.url })
          : refused('AWS.SimpleQueueService.NonExistentQueue', 'GetQueueUrl', 'does not exist');
      case 'sqs get-queue-attributes':
        return ok({ Attributes: { QueueArn: 'arn:queue' } });
      case 'sqs receive-message': {
        const messages = this.queue!.messages.splice(0);
        return messages.length > 0 ? ok({ Messages: messages.map((Body) => ({ Body })) }) : ok();
      }
      case 'sqs delete-queue':
        this.queue = undefined;
        return ok();
      case 'sns subscribe':
        this.subscribed = true;
        return ok({});
      case 'application-autoscaling register-scalable-target': {
        const target = [...this.stacks.values()].find(
          ({ endpoint: name }) => options['resource-id'] === `endpoint/${name}/variant/AllTraffic`,
        );
        if (target) target.instances = Number(options['min-capacity']);
        return ok({});
      }
      case 'sagemaker describe-inference-component':
        return ok({
          InferenceComponentStatus: 'InService',
          RuntimeConfig: { CurrentCopyCount: this.#components.copies },
        });
      case 'sagemaker update-inference-component-runtime-config':
        this.#components.copies = Number(/CopyCount=(\d+)/.exec(options['desired-runtime-config']!)![1]);
        return ok({});
      case 'stepfunctions start-execution':
        return ok({ executionArn: 'arn:execution' });
      case 'stepfunctions describe-execution':
        return ok({ status: 'SUCCEEDED' });
      case 'resourcegroupstaggingapi get-resources':
        return ok({
          ResourceTagMappingList: [
            ...[...this.generations].map((config) => arnOf('endpoint-config', config)),
            ...this.tagged,
          ].map((ResourceARN) => ({ ResourceARN })),
        });
      case 'sagemaker delete-endpoint-config':
        this.generations.delete(options['endpoint-config-name']!);
        return ok();
      case 'iam list-roles':
        return ok({ Roles: [...this.roles].map((RoleName) => ({ RoleName })) });
      case 'iam list-role-tags':
        return ok({ Tags: [{ Key: 'reranker:environment', Value: 'rehearsal' }] });
      case 'iam delete-role':
        this.roles.delete(options['role-name']!);
        return ok();
      case 'sagemaker delete-model':
        this.tagged = this.tagged.filter((arn) => !arn.endsWith(`/${options['model-name']}`));
        return ok();
      default:
        // What answers nothing that a rehearsal reads.
        return ok({});
    }
  }
}

/** CloudFormation knows what SageMaker has by its ARN. */
function arnOf(kind: string, name: string): string {
  return `arn:aws:sagemaker:eu-west-1:111122223333:${kind}/${name}`;
}

type Options = Record<string, string | undefined>;

function optionsOf(args: readonly string[]): Options {
  const options: Options = {};
  // The CLI's own of every command, which come last.
  const end = args.indexOf('--output');
  let name: string | undefined;
  for (const arg of args.slice(0, end === -1 ? undefined : end)) {
    if (arg.startsWith('--')) options[(name = arg.slice(2))] = '';
    else if (name === 'action-names' && options[name] !== '') options[name] += ` ${arg}`;
    else if (name !== undefined && options[name] === '') options[name] = arg;
    else options.positional = arg;
  }
  return options;
}

function endpointOf(name: string): string {
  return name.replace(/(-embedded)$/, (_, end: string) =>
    name.startsWith('reranker-embedded-') && name.endsWith('components-embedded') ? '' : end,
  );
}
