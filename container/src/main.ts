#!/usr/bin/env node
/** The container's process: SageMaker runs the image with the argument `serve`. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { createLogger } from './log.js';
import { startServer } from './server.js';
import {
  flagOf,
  NUMBER_SETTINGS,
  resolveSettings,
  type NumberSettingName,
  type SettingOverrides,
  type Settings,
} from './settings.js';

/** Exit status for settings or a model that cannot be used. */
const UNUSABLE = 2;

const names = [
  ...(Object.keys(NUMBER_SETTINGS) as NumberSettingName[]),
  'host',
  'modelDir',
  'logLevel',
] as const satisfies (keyof SettingOverrides)[];

function usage(): string {
  const lines = Object.entries(NUMBER_SETTINGS).map(([name, { env, meaning }]) => {
    return `  ${`${flagOf(name as NumberSettingName)} N`.padEnd(22)}${env.padEnd(26)}${meaning}`;
  });
  return [
    'Usage: main.js serve [flags]; each flag wins over its environment variable',
    `  ${'--model DIR'.padEnd(22)}${'RERANKER_MODEL_DIR'.padEnd(26)}model directory`,
    `  ${'--host ADDRESS'.padEnd(22)}${'RERANKER_HOST'.padEnd(26)}address to listen on`,
    `  ${'--log-level LEVEL'.padEnd(22)}${'RERANKER_LOG_LEVEL'.padEnd(26)}trace, debug, info, warn, error, fatal or silent`,
    ...lines,
  ].join('\n');
}

/** Overrides from `serve --flag value ...`. @throws Error saying what is wrong with the command line. */
function parseCommand(args: readonly string[]): SettingOverrides {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const name of names) options[flagOf(name).slice(2)] = { type: 'string' };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (positionals.length !== 1 || positionals[0] !== 'serve') {
    throw new Error(`expected the one command serve, got ${JSON.stringify(positionals.join(' '))}`);
  }
  return Object.fromEntries(names.map((name) => [name, values[flagOf(name).slice(2)]]));
}

function fail(message: string): never {
  process.stderr.write(`reranker: ${message}\n`);
  process.exit(UNUSABLE);
}

async function main(args: readonly string[]): Promise<void> {
  let overrides: SettingOverrides;
  try {
    overrides = parseCommand(args);
  } catch (error) {
    fail(`${(error as Error).message}\n${usage()}`);
  }
  let settings: Settings;
  try {
    settings = resolveSettings(overrides);
  } catch (error) {
    fail((error as Error).message);
  }
  const logger = createLogger(settings.logLevel);
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught exception');
    process.exit(1);
  });
  const starting = startServer(settings, logger);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void starting.then((server) => server.close()).then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    await (
      await starting
    ).ready;
  } catch (error) {
    if (!stopping) fail((error as Error).message);
  }
}

void main(process.argv.slice(2));
