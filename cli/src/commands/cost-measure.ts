import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { HttpTransport } from '@sagemaker-reranker/client';
import { memoryBytes, processors } from '@sagemaker-reranker/container';
import { startLocalEndpoint } from '@sagemaker-reranker/container/local';
import { type Machine, instanceType } from '@sagemaker-reranker/cost';
import {
  type Subject,
  type Target,
  type Deployment,
  clientTarget,
  deploy,
  describeMachine,
  generateTraffic,
  measure,
  parseLengthMix,
  resultFile,
  resultFileName,
  usageBelow,
  writeMeasurement,
} from '@sagemaker-reranker/cost/measure';
import {
  UsageError,
  VARIANT_IDS,
  type ModelFigures,
  type VariantId,
  directoryFigures,
  embeddedModelDirectory,
  packageVersion,
  variantFigures,
} from '@sagemaker-reranker/models';
import { tokenizationOf } from './cost-tokens.js';
import { Command } from '../command.js';
import { checkTarget, transportOf } from '../connect.js';
import { type Target as TargetFlags, addTarget, wholeNumber } from '../options.js';
import { print, tell } from '../terminal/out.js';

interface Options extends TargetFlags {
  readonly serverlessMemory?: number;
  readonly instanceType?: string;
  readonly image?: string;
  readonly role?: string;
  readonly modelData?: string;
  readonly machine?: string;
  readonly variant?: VariantId;
  readonly precision?: 'fp32' | 'int8';
  readonly tokenizer?: string;
  readonly documents: number[];
  readonly tokens: string;
  readonly queryTokens: number;
  readonly queries: number;
  readonly concurrency: number[];
  readonly loads: number[];
  readonly duration: number;
  readonly timeout: number;
  readonly seed: number;
  readonly out?: string;
}

/** A target with what is known of it. */
interface Opened {
  readonly target: Target;
  readonly subject: Pick<
    Subject,
    'hosting' | 'serverlessMemoryMb' | 'region' | 'startSeconds' | 'software' | 'processes'
  >;
  readonly usage: Parameters<typeof measure>[0]['usage'];
  close(): Promise<void>;
}

// The AWS SDK opens no more sockets to one host.
const MOST_TO_ENDPOINT = 50;
const MOST = 512;
const LEAST_DOCUMENTS = 512;
const LOOPBACK = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;

/** `reranker cost measure`: what a container or an endpoint sustains. */
export function measureCommand(): Command {
  const positive = wholeNumber(1, 100_000);
  const command = new Command('measure')
    .description(
      'Load a container or an endpoint with a stated traffic and write throughput, latencies, memory and CPU to a file that `cost compare` reads.',
    )
    .option(
      '--serverless-memory <mb>',
      'the endpoint is serverless and has this memory',
      wholeNumber(1024, 6144),
    )
    .option('--instance-type <type>', 'SageMaker instance type it runs on, for example ml.c7i.xlarge')
    .option('--image <uri>', 'deploy this image on --instance-type first, and remove it afterwards')
    .option('--role <arn>', 'role that SageMaker takes for --image')
    .option('--model-data <uri>', 's3:// address of the packed model for --image')
    .option(
      '--machine <name>',
      'name of a machine that is no instance type: give this or --instance-type',
      machineName,
    )
    .addOption(new Option('--variant <id>', 'what an address or endpoint serves').choices(VARIANT_IDS))
    .addOption(new Option('--precision <precision>', 'of its weights').choices(['fp32', 'int8']))
    .option(
      '--tokenizer <dir>',
      'model directory of what an address or endpoint serves: its tokenizer counts; default: the embedded one',
    )
    .option(
      '--documents <list>',
      'documents in a query; further sizes tell what a request costs beside its tokens',
      sizes,
      [100, 1, 10],
    )
    .option('--tokens <mix>', 'tokens of a document: mix, a length, or median:p90:longest', 'mix')
    .option('--query-tokens <number>', 'tokens of a query', positive, 12)
    .option('--queries <number>', 'different queries, sent in turn', positive, 64)
    .option('--concurrency <list>', 'requests in flight, one step each', concurrencies, [1, 2, 4, 8])
    .option(
      '--loads <list>',
      'arrival rates as shares of the rate at saturation',
      shares,
      [0.3, 0.5, 0.7, 0.85],
    )
    .option('--duration <seconds>', 'of each step; a slow one takes up to four times as long', positive, 20)
    .option('--timeout <ms>', 'of a request', wholeNumber(100, 3_600_000), 60_000)
    .option('--seed <number>', 'of texts and arrivals', wholeNumber(0, 0xffffffff), 7)
    .option(
      '--out <file>',
      'file to write, or the directory for it; default: here, named by machine and model',
    );
  return addTarget(command).action(run);
}

async function run(options: Options): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new UsageError('interrupted; nothing was written')));
  const subject = await subjectOf(options);
  const file = await resultFile(options.out, resultFileName(subject));
  const tokens = parseLengthMix(options.tokens);
  tell('writing the texts');
  const tokenization = await tokenizationOf(options.tokenizer ?? options.model);
  const [traffic, ...otherSizes] = await Promise.all(
    options.documents.map((documents) => {
      // Small queries need more of them for the mix of lengths to show.
      const queries = Math.max(options.queries, Math.ceil(LEAST_DOCUMENTS / documents));
      return generateTraffic({ ...options, documents, queries, tokens }, tokenization);
    }),
  );
  const deployed = await deployment(options, interrupted.signal);
  try {
    const endpointName = deployed?.endpointName ?? options.endpointName;
    const opened = await open({ ...options, endpointName }, interrupted.signal);
    try {
      const startSeconds = deployed?.startSeconds ?? opened.subject.startSeconds;
      const measurement = await measure({
        target: opened.target,
        traffic: traffic!,
        otherSizes,
        subject: { ...subject, ...opened.subject, startSeconds },
        concurrency: options.concurrency,
        mostConcurrency: Math.min(8 * Math.max(...options.concurrency), mostConcurrency(options)),
        loads: options.loads,
        seconds: options.duration,
        usage: opened.usage,
        onProgress: tell,
        signal: interrupted.signal,
      });
      await writeMeasurement(file, measurement);
      print(file);
    } finally {
      await opened.close();
    }
  } finally {
    await deployed?.remove();
  }
}

/** An endpoint of its own for this measurement, where an image is given. */
async function deployment(options: Options, signal: AbortSignal): Promise<Deployment | undefined> {
  const { image, role, modelData, instanceType: type, region } = options;
  if (image === undefined) return undefined;
  const name = `reranker-measure-${Date.now().toString(36)}`;
  return deploy({
    ...{ name, image, region, signal, onProgress: tell },
    ...{ instanceType: type!, role: role!, modelData: modelData! },
  });
}

/** What the command line and the model directory say of it. */
async function subjectOf(
  options: Options,
): Promise<Pick<Subject, 'command' | 'version' | 'machine' | 'instanceType' | 'model'>> {
  const { url, endpointName, image, role, modelData } = options;
  // An endpoint that is deployed first has a region before it has a name.
  checkTarget(image === undefined ? options : { ...options, region: undefined });
  if (image !== undefined || role !== undefined || modelData !== undefined) {
    const needed = { image, role, 'model-data': modelData, 'instance-type': options.instanceType };
    const missing = Object.entries(needed).filter(([, value]) => value === undefined);
    if (missing.length > 0)
      throw new UsageError(`to deploy, say ${missing.map(([name]) => `--${name}`).join(', ')}, too`);
    if ((url ?? endpointName) !== undefined)
      throw new UsageError('--image deploys an endpoint of its own: leave --url and --endpoint-name out');
  }
  const most = mostConcurrency(options);
  if (Math.max(...options.concurrency) > most) {
    throw new UsageError(`--concurrency is at most ${most} here, not ${Math.max(...options.concurrency)}`);
  }
  const remote = (url ?? endpointName ?? image) !== undefined;
  return {
    command: ['reranker', ...process.argv.slice(2)].join(' '),
    version: packageVersion().version,
    machine: machineOf(options),
    instanceType: options.instanceType ?? null,
    model: await measuredModel(options, remote),
  };
}

/** The model behind the address or endpoint: what --model or --variant says it is; here, the directory that is served. */
async function measuredModel(options: Options, remote: boolean): Promise<ModelFigures> {
  const { model, tokenizer, variant, precision } = options;
  if (!remote) {
    const given = [variant && '--variant', precision && '--precision'].filter(Boolean);
    if (given.length > 0)
      throw new UsageError(`${given.join(' and ')}: the model directory says it; leave it out`);
    return directoryFigures(model ?? embeddedModelDirectory());
  }
  if (variant && precision) return variantFigures(variant, precision);
  if (tokenizer !== undefined && !variant && !precision) return directoryFigures(tokenizer);
  throw new UsageError(
    'an address or endpoint does not say what it serves: give --variant and --precision, or its model directory with --tokenizer',
  );
}

function machineOf({
  instanceType: type,
  machine,
  endpointName,
  image,
  url,
  serverlessMemory,
}: Options): Machine {
  const known = type === undefined ? undefined : instanceType(type);
  const here =
    (endpointName ?? image) === undefined && (url === undefined || LOOPBACK.test(new URL(url).hostname));
  if (here) {
    const name = machine ?? known?.name;
    if (name === undefined)
      throw new UsageError('say --instance-type, or --machine with a name for this machine');
    return describeMachine(name, { vcpus: processors(), memoryBytes: memoryBytes() });
  }
  const unseen = { processor: null, instructionSets: [] };
  if (known) {
    const { name, architecture, vcpus, memoryMib } = known;
    return { ...unseen, name: machine ?? name, architecture, vcpus, memoryMib };
  }
  if (serverlessMemory !== undefined) {
    // Not published for SageMaker; assumed as Lambda has them, one for each 1,769 MB.
    const vcpus = serverlessMemory / 1_769;
    return {
      ...unseen,
      name: machine ?? `serverless-${serverlessMemory}`,
      architecture: 'x86_64',
      vcpus,
      memoryMib: serverlessMemory,
    };
  }
  throw new UsageError('say --instance-type (or --serverless-memory): it runs on another machine');
}

function mostConcurrency({ endpointName, image }: Options): number {
  return (endpointName ?? image) === undefined ? MOST : MOST_TO_ENDPOINT;
}

async function open(options: Options, signal: AbortSignal): Promise<Opened> {
  const { model, endpointName, region, serverlessMemory, timeout } = options;
  const subject = { hosting: 'container', region: null, startSeconds: null, software: null } as const;
  const transport = transportOf(options);
  if (transport) {
    const target = clientTarget(transport, timeout);
    const deployed = endpointName !== undefined && {
      region: region ?? process.env.AWS_REGION ?? null,
      ...(serverlessMemory === undefined
        ? { hosting: 'real-time' as const }
        : { hosting: 'serverless' as const, serverlessMemoryMb: serverlessMemory }),
    };
    return {
      target,
      subject: { ...subject, ...deployed },
      usage: () => Promise.resolve(null),
      close: () => {
        target.close();
        return Promise.resolve();
      },
    };
  }
  tell('starting the container');
  signal.throwIfAborted();
  const started = performance.now();
  const starting = startLocalEndpoint({ port: 0, ...(model !== undefined && { modelDirectory: model }) });
  const local = await unlessAborted(starting, signal);
  const startSeconds = (performance.now() - started) / 1000;
  // Past the loopback endpoint, which is not what is measured.
  const target = clientTarget(new HttpTransport({ url: local.containerUrl }), timeout);
  return {
    target,
    subject: {
      ...subject,
      startSeconds,
      software: { node: process.versions.node, onnxruntime: onnxruntimeVersion() },
      processes: await processesOf(local.containerUrl),
    },
    usage: () => usageBelow(process.pid),
    close: async () => {
      target.close();
      await local.close();
    },
  };
}

/** A container that is still starting ends with this process. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    promise.then(resolve, reject);
  });
}

/** Inference processes that a container has started. */
async function processesOf(containerUrl: string): Promise<number> {
  const metrics = await (await fetch(`${containerUrl}/metrics`)).text();
  return Number(/^reranker_workers_ready (\d+)$/m.exec(metrics)![1]);
}

function onnxruntimeVersion(): string {
  const file = require.resolve('onnxruntime-node/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function concurrencies(text: string): number[] {
  return text.split(',').map(wholeNumber(1, MOST));
}

function sizes(text: string): number[] {
  return text.split(',').map(wholeNumber(1, 100_000));
}

function shares(text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() !== '' && value > 0 && value <= 2) return value;
    throw new InvalidArgumentError('it must be numbers over 0 and up to 2, such as 0.5,0.8');
  });
}

function machineName(text: string): string {
  if (/^[a-z0-9][a-z0-9.-]{0,62}$/i.test(text)) return text;
  throw new InvalidArgumentError('it must be letters, digits, dots and hyphens: it names the file');
}
