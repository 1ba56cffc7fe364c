import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { MOST_PROCESSES, embeddedModelDirectory } from '@sagemaker-reranker/models';
import { memoryBytes, processors } from './limits.js';

/** Where SageMaker unpacks the model data. */
const SAGEMAKER_MODEL_DIR = '/opt/ml/model';

interface NumberSetting {
  readonly env: string;
  readonly least: number;
  readonly most: number;
  readonly meaning: string;
}

/** The settings that are numbers: variable, allowed range and meaning; the flag is the name in kebab-case. */
export const NUMBER_SETTINGS = {
  port: {
    env: 'SAGEMAKER_BIND_TO_PORT',
    least: 0,
    most: 65_535,
    meaning: 'TCP port to listen on; 0 lets the system choose',
  },
  workers: { env: 'RERANKER_WORKERS', least: 1, most: MOST_PROCESSES, meaning: 'inference processes' },
  threads: { env: 'RERANKER_THREADS', least: 1, most: 512, meaning: 'threads of each inference process' },
  batchTokens: {
    env: 'RERANKER_BATCH_TOKENS',
    least: 1,
    most: 1_048_576,
    meaning: 'padded tokens in a batch; a longer document makes a batch of its own',
  },
  arena: {
    env: 'RERANKER_ARENA',
    least: 0,
    most: 1,
    meaning: '1 keeps the memory of a batch for the next, 0 gives it back after each and is slower',
  },
  spin: {
    env: 'RERANKER_SPIN',
    least: 0,
    most: 1,
    meaning:
      '1 lets threads spin between batches: small requests can be faster on a machine that does nothing else',
  },
  bfloat16: {
    env: 'RERANKER_BFLOAT16',
    least: 0,
    most: 1,
    meaning: '1 computes fp32 products in bfloat16 where an arm64 processor has it (Graviton3 and later)',
  },
  batchMemoryBytes: {
    env: 'RERANKER_BATCH_MEMORY_BYTES',
    least: 0,
    most: 17_592_186_044_416,
    meaning: 'bytes that a batch may take in an inference process; 0 derives it from the memory there is',
  },
  queueTokens: {
    env: 'RERANKER_QUEUE_TOKENS',
    least: 1,
    most: 1_000_000_000,
    meaning: 'tokens admitted and not yet scored, over all requests',
  },
  maxDocuments: {
    env: 'RERANKER_MAX_DOCUMENTS',
    least: 1,
    most: 1_000_000,
    meaning: 'documents in a request',
  },
  refuseBlank: {
    env: 'RERANKER_REFUSE_BLANK',
    least: 0,
    most: 1,
    meaning: '1 refuses a request with a document that has no text, 0 ranks that document last',
  },
  maxBodyBytes: {
    env: 'RERANKER_MAX_BODY_BYTES',
    least: 1_024,
    most: 1_073_741_824,
    meaning: 'bytes in a request body, decompressed',
  },
  inflightBytes: {
    env: 'RERANKER_INFLIGHT_BYTES',
    least: 1_024,
    most: 17_179_869_184,
    meaning: 'bytes of all request bodies held at once',
  },
  batchTimeoutMs: {
    env: 'RERANKER_BATCH_TIMEOUT_MS',
    least: 100,
    most: 3_600_000,
    meaning: 'milliseconds after which an inference process that does not answer is replaced',
  },
  modelMemoryBytes: {
    env: 'RERANKER_MODEL_MEMORY_BYTES',
    least: 1_048_576,
    most: 17_592_186_044_416,
    meaning: 'bytes that all models of a multi-model endpoint may hold, each with its largest batch',
  },
  deadlineMs: {
    env: 'RERANKER_DEADLINE_MS',
    least: 1,
    most: 3_600_000,
    meaning: 'milliseconds a request may take',
  },
  streamDeadlineMs: {
    env: 'RERANKER_STREAM_DEADLINE_MS',
    least: 1,
    most: 3_600_000,
    meaning: 'milliseconds that a streamed answer, or a body of many lines, may take',
  },
  drainMs: {
    env: 'RERANKER_DRAIN_MS',
    least: 0,
    most: 25_000,
    meaning: 'milliseconds that requests in flight get after SIGTERM; SageMaker kills at 30,000',
  },
} as const satisfies Record<string, NumberSetting>;

export type NumberSettingName = keyof typeof NUMBER_SETTINGS;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The settings that are text. */
export const TEXT_SETTINGS = {
  modelDir: {
    env: 'RERANKER_MODEL_DIR',
    value: 'DIR',
    fallback: `${SAGEMAKER_MODEL_DIR}, or what ships`,
    meaning: 'model directory',
  },
  host: {
    env: 'RERANKER_HOST',
    value: 'ADDRESS',
    fallback: 'all',
    meaning: 'address to listen on, of IPv4 or IPv6',
  },
  logLevel: {
    env: 'RERANKER_LOG_LEVEL',
    value: 'LEVEL',
    fallback: 'info',
    meaning: `what is logged: ${LOG_LEVELS.join(', ')}`,
  },
} as const;

/** The settings that are chosen from the machine where nobody sets them. */
export type ChosenName = 'workers' | 'threads' | 'batchTokens' | 'arena';

/** Everything a server is started with; counts and sizes as {@link NUMBER_SETTINGS} says. */
export interface Settings extends Readonly<Record<NumberSettingName, number>> {
  /** Address to listen on; all of IPv6 and IPv4 where it is empty. */
  readonly host: string;
  readonly modelDir: string;
  readonly logLevel: LogLevel;
  /** Whether nobody set processes and threads, so that the engine takes fewer processes where the model's memory asks for it. */
  readonly divided: boolean;
  /** Whether models come and go by the `/models` API instead of one being loaded at the start. */
  readonly multiModel: boolean;
  /** Why each of these has its value, for the log. */
  readonly reasons: Readonly<Record<ChosenName, string>>;
}

/** Flags or a caller's choices; each wins over its environment variable. Text is parsed as the flag would be. */
export type SettingOverrides = {
  readonly [K in Exclude<keyof Settings, 'reasons' | 'divided'>]?:
    string | (Settings[K] extends number ? number : never);
};

/** Settings that cannot be used: the message names each one, the value given and what is allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly faults: readonly string[]) {
    super(faults.join('; '));
  }
}

/**
 * Settings from overrides, then the environment, then defaults.
 * @throws SettingsError naming every setting at fault at once.
 */
export function resolveSettings(
  overrides: SettingOverrides = {},
  env: NodeJS.ProcessEnv = process.env,
): Settings {
  const faults: string[] = [];
  const number = (name: NumberSettingName, fallback: number): number => {
    const { env: variable, least, most } = NUMBER_SETTINGS[name];
    const override = overrides[name];
    const given = override ?? (env[variable] === '' ? undefined : env[variable]);
    if (given === undefined) return fallback;
    const value = typeof given === 'number' ? given : /^\s*\d+\s*$/.test(given) ? Number(given) : NaN;
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const source = override === undefined ? variable : flagOf(name);
    faults.push(`${source} is ${JSON.stringify(given)}; it must be a whole number from ${least} to ${most}`);
    return fallback;
  };
  const level = overrides.logLevel ?? (env.RERANKER_LOG_LEVEL || 'info');
  if (!LOG_LEVELS.includes(level as LogLevel)) {
    const source = overrides.logLevel === undefined ? 'RERANKER_LOG_LEVEL' : flagOf('logLevel');
    faults.push(`${source} is ${JSON.stringify(level)}; it must be one of ${LOG_LEVELS.join(', ')}`);
  }

  const cores = processors();
  const given = (name: ChosenName): boolean =>
    (overrides[name] ?? (env[NUMBER_SETTINGS[name].env] || undefined)) !== undefined;
  const multiModel = (overrides.multiModel ?? env.SAGEMAKER_MULTI_MODEL ?? '').toLowerCase() === 'true';
  // Processes of one thread score more than threads of one process (docs/decisions/threads.md). A limit on threads means that
  // the machine is shared, and models of one endpoint share it: one process then, unless more are asked for.
  const alone = given('threads') ? 'one, as the threads are set' : 'one, as the models share the processors';
  const single = given('threads') || multiModel;
  const workers = number('workers', single ? 1 : Math.min(cores, MOST_PROCESSES));
  const why = (name: ChosenName, reason: string): string =>
    given(name) ? (overrides[name] === undefined ? NUMBER_SETTINGS[name].env : flagOf(name)) : reason;
  const maxBodyBytes = number('maxBodyBytes', 25 * 1024 * 1024);
  const settings: Settings = {
    port: number('port', 8080),
    host: overrides.host ?? (env.RERANKER_HOST || ''),
    modelDir: path.resolve(overrides.modelDir ?? (env.RERANKER_MODEL_DIR || defaultModelDir())),
    workers,
    threads: number('threads', Math.max(1, Math.floor(cores / workers))),
    batchTokens: number('batchTokens', 512),
    arena: number('arena', 1),
    spin: number('spin', 0),
    bfloat16: number('bfloat16', 0),
    batchMemoryBytes: number('batchMemoryBytes', 0),
    queueTokens: number('queueTokens', 2_000_000),
    maxDocuments: number('maxDocuments', 10_000),
    refuseBlank: number('refuseBlank', 0),
    maxBodyBytes,
    inflightBytes: number('inflightBytes', Math.max(128 * 1024 * 1024, maxBodyBytes)),
    // Many times what the longest document takes on a slow processor.
    batchTimeoutMs: number('batchTimeoutMs', 120_000),
    // The rest is for the server itself, request bodies and page cache.
    modelMemoryBytes: number('modelMemoryBytes', Math.floor(0.75 * memoryBytes())),
    deadlineMs: number('deadlineMs', 60_000),
    // SageMaker ends a stream after eight minutes, and a call of batch transform after ten.
    streamDeadlineMs: number('streamDeadlineMs', 480_000),
    drainMs: number('drainMs', 23_000),
    logLevel: level as LogLevel,
    reasons: {
      workers: why('workers', single ? alone : `one for each of ${cores} processors, memory permitting`),
      threads: why('threads', `${cores} processors shared by ${workers} inference process(es)`),
      batchTokens: why('batchTokens', 'as fast per token as larger batches, and small requests wait less'),
      arena: why('arena', 'faster, and the largest batch is planned for'),
    },
    divided: !given('workers') && !given('threads'),
    multiModel,
  };
  if (settings.inflightBytes < settings.maxBodyBytes) {
    faults.push(
      `RERANKER_INFLIGHT_BYTES is ${settings.inflightBytes}; it must be at least RERANKER_MAX_BODY_BYTES, ${settings.maxBodyBytes}`,
    );
  }
  if (faults.length > 0) throw new SettingsError(faults);
  return settings;
}

/** Command-line flag of a setting: `batchTokens` is `--batch-tokens`, `modelDir` is `--model`. */
export function flagOf(name: keyof SettingOverrides): string {
  return name === 'modelDir' ? '--model' : `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/** The model SageMaker supplied, if it supplied anything; else the model that ships with the package. */
function defaultModelDir(): string {
  // Anything there is taken for a model, so that a broken one fails loudly and is not replaced by the demonstration model.
  if (existsSync(SAGEMAKER_MODEL_DIR) && readdirSync(SAGEMAKER_MODEL_DIR).length > 0) {
    return SAGEMAKER_MODEL_DIR;
  }
  return embeddedModelDirectory();
}
