import path from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { Command } from './command.js';

/** Parses of option values: each says what is allowed when the value is not. */

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const allowed = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`it must be a whole number ${allowed}`);
  };
}

/** @param allowed what the values are, as `a number from 0 to 1` */
export function number(allowed: string, isAllowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && isAllowed(value)) return value;
    throw new InvalidArgumentError(`it must be ${allowed}`);
  };
}

export const share = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
export const positive = number('a number above 0', (value) => value > 0);

/** Milliseconds of `300ms` or `2s`. */
export function milliseconds(text: string): number {
  const [, value, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? [];
  if (Number(value) > 0) return Number(value) * (unit === 's' ? 1000 : 1);
  throw new InvalidArgumentError('it must be a duration above 0 with its unit, as 300ms or 2s');
}

/** Names separated by commas. */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (!list.includes('')) return list;
  throw new InvalidArgumentError('it must be names separated by commas');
}

/** Values of an option that is given several times. One that took all words after it would take the arguments, too. */
export const append = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Where a model runs. */
export interface Target {
  readonly model?: string;
  readonly url?: string;
  readonly endpointName?: string;
  readonly region?: string;
}

/** The same, with several of each. */
export interface Targets {
  readonly model?: readonly string[];
  readonly url?: readonly string[];
  readonly endpointName?: readonly string[];
  readonly region?: string;
}

/** The flags that say which model is asked, the same in every command. */
export function addTarget(command: Command, { several = false } = {}): Command {
  const more = several ? '; repeatable' : '';
  const add = (flags: string, what: string): unknown =>
    several ? command.option(flags, what + more, append) : command.option(flags, what);
  add('--model <dir>', 'model directory, served here (default: the embedded model)');
  add('--url <url>', 'a container that runs there; with --endpoint-name, the SageMaker Runtime API there');
  add('--endpoint-name <name>', 'a SageMaker endpoint');
  return command.option('--region <region>', 'AWS region of the endpoint');
}

/** Directories with the last part of their path as name, or with the whole path where two end alike. */
export function shortNames(directories: readonly string[]): [string, string][] {
  const last = directories.map((directory) => path.basename(path.resolve(directory)));
  return directories.map((directory, i) => {
    const name = last[i]!;
    return [last.indexOf(name) === last.lastIndexOf(name) ? name : directory, directory];
  });
}
