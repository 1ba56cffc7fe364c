import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '@sagemaker-reranker/models';
import { CostError } from './errors.js';
import { HOSTING_MODES, type Measurement } from './types.js';

/** Measurements that ship with this package. */
export function shippedMeasurements(): Measurement[] {
  return readMeasurements(path.join(packageRoot(__dirname), 'measurements'));
}

/**
 * Reads every `*.json` of a directory, or one file.
 * @throws CostError naming file and field of what is no measurement.
 */
export function readMeasurements(place: string): Measurement[] {
  let files: string[];
  try {
    files = place.endsWith('.json')
      ? [place]
      : readdirSync(place)
          .filter((name) => name.endsWith('.json'))
          .sort()
          .map((name) => path.join(place, name));
  } catch (error) {
    throw new CostError(
      `measurements: ${place} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`,
    );
  }
  return files.map(readMeasurement);
}

function readMeasurement(file: string): Measurement {
  let data: unknown;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CostError(`${file}: not a measurement: ${(error as Error).message}`);
  }
  return checkMeasurement(data, file);
}

/**
 * Holds data against the fields that the model reads.
 * @throws CostError naming the first field that is wrong.
 */
export function checkMeasurement(data: unknown, where: string): Measurement {
  const at = (name: string): unknown =>
    name.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), data);
  const need = (name: string, holds: (value: unknown) => boolean, what: string): void => {
    const value = at(name);
    if (!holds(value)) {
      throw new CostError(`${where}: ${name} is ${JSON.stringify(value) ?? 'missing'}; it must be ${what}`);
    }
  };
  const text = (value: unknown): boolean => typeof value === 'string' && value !== '';
  const orNull =
    (holds: (value: unknown) => boolean) =>
    (value: unknown): boolean =>
      value === null || holds(value);
  need('format', (value) => value === 2, '2');
  for (const name of ['date', 'command', 'machine.name']) need(name, text, 'a text');
  need('instanceType', orNull(text), 'an instance type or null');
  need('machine.architecture', (value) => value === 'x86_64' || value === 'arm64', 'x86_64 or arm64');
  need('machine.instructionSets', Array.isArray, 'a list');
  need('model.name', text, 'a text');
  need('model.precision', (value) => value === 'fp32' || value === 'int8', 'fp32 or int8');
  for (const name of ['layers', 'hidden', 'heads', 'intermediate', 'vocabulary'])
    need(`model.architecture.${name}`, isPositive, 'a number above 0');
  const modes: readonly unknown[] = [...HOSTING_MODES, 'container'];
  need('hosting', (value) => modes.includes(value), `one of ${modes.join(', ')}`);
  const positive = [
    'machine.vcpus',
    'model.weightsBytes',
    'model.maxLength',
    'traffic.documentsPerQuery',
    'traffic.meanPairTokens',
    'saturation.pairsPerSecond',
    'saturation.tokensPerSecond',
    'alone.meanMs',
    'alone.p95Ms',
  ];
  for (const name of positive) need(name, isPositive, 'a number above 0');
  need(
    'alone.squaredVariation',
    (value) => typeof value === 'number' && value >= 0,
    'a number of at least 0',
  );
  need('startSeconds', orNull(isPositive), 'a number above 0 or null');
  need('memory', orNull(isObject), 'an object or null');
  const steps = at('open');
  need('open', Array.isArray, 'a list of steps');
  for (const i of (steps as unknown[]).keys()) {
    for (const name of ['offeredPerSecond', 'requests', 'p95Ms', 'utilisation'])
      need(`open.${i}.${name}`, (value) => typeof value === 'number' && value >= 0, 'a number of at least 0');
  }
  return data as Measurement;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
