import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ModelError } from '@sagemaker-reranker/models';
import { parseDescriptions, withoutRepeats } from '../data/descriptions.js';
import type { TextRecord } from '../data/text-record.js';
import { readTexts } from './files.js';

/**
 * Text records of a Debian package, which is downloaded and unpacked, not installed; the ids begin with its name.
 * @throws ModelError `config_invalid` where apt-get or dpkg-deb fails, with what it said.
 */
export async function* packageTexts(name: string): AsyncGenerator<TextRecord> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gather-'));
  try {
    await run('apt-get', ['download', name], directory);
    for (const file of (await readdir(directory)).filter((entry) => entry.endsWith('.deb')))
      await run('dpkg-deb', ['-x', file, 'tree'], directory);
    for await (const record of readTexts(path.join(directory, 'tree')))
      yield { ...record, id: `${name}/${record.id}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The descriptions of all packages of the distribution, by an index of its own: the machine's lists stay as they are. */
export async function* descriptionTexts(): AsyncGenerator<TextRecord> {
  const directory = await mkdtemp(path.join(tmpdir(), 'gather-'));
  const lists = ['-o', `Dir::State::lists=${directory}`, '-o', 'Acquire::Languages=en'];
  try {
    await mkdir(path.join(directory, 'partial'));
    await run('apt-get', [...lists, 'update'], directory);
    const targets = await run(
      'apt-get',
      [...lists, 'indextargets', '--format', '$(FILENAME)', 'Created-By: Translations'],
      directory,
    );
    const [file] = targets
      .split('\n')
      .filter((line) => /_main_i18n_Translation-en/.test(line) && !/(updates|security)/.test(line));
    if (!file) throw new ModelError('config_invalid', 'apt-get knows no English descriptions of packages');
    const text = await run('/usr/lib/apt/apt-helper', ['cat-file', file], directory);
    for await (const record of withoutRepeats(parsed(text)))
      yield { ...record, id: `descriptions/${record.id}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* parsed(text: string): AsyncGenerator<TextRecord> {
  yield* parseDescriptions(text.split('\n'));
}

async function run(command: string, parameters: readonly string[], cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, [...parameters], { cwd, maxBuffer: 1e9 }).catch(
    (cause: Error & { stderr?: string; code?: unknown }) => {
      const why =
        cause.code === 'ENOENT'
          ? 'there is no such command: Debian or a container of it is wanted'
          : (cause.stderr ?? cause.message).trim();
      throw new ModelError('config_invalid', `${command} ${parameters.join(' ')}: ${why}`, undefined, {
        cause,
      });
    },
  );
  return stdout;
}
