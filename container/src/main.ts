#!/usr/bin/env node
/** The container's process: SageMaker runs the image with the argument `serve`. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { createLogger } from './log.js';
import { startServer } from './server.js';
import {
  flagOf,
  NUMBER_SETTINGS,
  resolveSettings,
  TEXT_SETTINGS,
  type NumberSettingName,
  type SettingOverrides,
  type Settings,
} from './settings.js';

/** Exit status for settings or a model that cannot be used. */
const UNUSABLE = 2;

const names = [
  ...(Object.keys(NUMBER_SETTINGS) as NumberSettingName[]),
  ...(Object.keys(TEXT_SETTINGS) as (keyof typeof TEXT_SETTINGS)[]),
] satisfies (keyof SettingOverrides)[];

/** Every flag with its variable, default and meaning, in columns. */
function usage(): string {
  const settings = resolveSettings({}, {});
  const rows = Object.entries(TEXT_SETTINGS).map(([name, { env, value, fallback, meaning }]): string[] => {
    return [`${flagOf(name as keyof typeof TEXT_SETTINGS)} ${value}`, env, fallback, meaning];
  });
  for (const [name, { env, meaning }] of Object.entries(NUMBER_SETTINGS)) {
    const setting = name as NumberSettingName;
    rows.push([`${flagOf(setting)} N`, env, String(settings[setting]), meaning]);
  }
  rows.unshift(['flag', 'variable', 'default here', 'meaning']);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd(),
  );
  return [
    'Usage: serve [flags]',
    '',
    'A flag wins over its environment variable. Without --model the container serves what lies in /opt/ml/model, else the',
    'demonstration model that ships with it.',
    '',
    ...lines,
  ].join('\n');
}

/** Overrides from `serve --flag value ...`. @throws Error saying what is wrong with the command line. */
function parseCommand(args: readonly string[]): SettingOverrides {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const name of names) options[flagOf(name).slice(2)] = { type: 'string' };
  options.help = { type: 'boolean', short: 'h' };
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (values.help === true) {
    process.stdout.write(`${usage()}\n`);
    process.exit(0);
  }
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
    fail(`${(error as Error).message}\nserve --help lists the flags`);
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
  // When the channel to it closes, the process that started this one has gone, and nobody is left to stop it.
  process.on('disconnect', stop);
  try {
    const { port, ready } = await starting;
    // The process that started this one with a channel to it may have left the port to the system.
    process.send?.({ port });
    await ready;
  } catch (error) {
    if (!stopping) fail((error as Error).message);
  }
}

void main(process.argv.slice(2));
