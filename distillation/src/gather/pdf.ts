import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ModelError } from '@sagemaker-reranker/models';

/**
 * Text of a PDF file, gzipped or not, by the command `pdftotext` of poppler; empty where it holds no text.
 * @throws ModelError `config_invalid` where there is no such command.
 */
export async function pdfText(file: string): Promise<string> {
  const plain = file.endsWith('.gz') ? path.join(tmpdir(), `${process.pid}-gathered.pdf`) : file;
  if (plain !== file) await writeFile(plain, gunzipSync(await readFile(file)));
  try {
    const { stdout } = await promisify(execFile)('pdftotext', ['-q', plain, '-'], { maxBuffer: 1e9 });
    return stdout.replaceAll('\f', '\n').replace(/(?<=[a-z])-\n(?=[a-z])/g, '');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') return '';
    const message = `${file} cannot be read: there is no command pdftotext (Debian: poppler-utils)`;
    throw new ModelError('config_invalid', message, file, { cause });
  } finally {
    if (plain !== file) await rm(plain, { force: true });
  }
}
