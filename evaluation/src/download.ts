import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DownloadError, type DownloadOptions, download } from '@sagemaker-reranker/models';
import { openPromise } from 'yauzl';
import { EvaluationError } from './errors.js';

/** Where BEIR's authors publish their collections. */
const BEIR_URL = 'https://public.ukp.informatik.tu-darmstadt.de/thakur/BEIR/datasets';

/** MD5 of the published archives, as BEIR's own list of datasets gives them. */
const BEIR_MD5: Readonly<Record<string, string>> = {
  arguana: '8ad3e3c2a5867cdced806d6503f29b99',
  'climate-fever': '8b66f0a9126c521bae2bde127b4dc99d',
  'dbpedia-entity': 'c2a39eb420a3164af735795df012ac2c',
  fever: '5a818580227bfb4b35bb6fa46d9b6c03',
  fiqa: '17918ed23cd04fb15047f73e6c3bd9d9',
  hotpotqa: 'f412724f78b0d91183a0e86805e16114',
  msmarco: '444067daf65d982533ea17ebd59501e4',
  nfcorpus: 'a89dba18a62ef92f7d323ec890a0d38d',
  nq: 'd4d3d2e48787a744b6f6e691ff534307',
  quora: '18fb154900ba42a600f84b839c173167',
  scidocs: '38121350fc3a4d2f48850f6aff52e4a9',
  scifact: '5f7d1de60b170fc8027bb7898e2efca1',
  'trec-covid': 'ce62140cb23feb9becf6270d0d1fe6d1',
  'webis-touche2020': '46f650ba5a527fc69e0a6521c5a23563',
};

/** A collection that can be downloaded. */
export interface BeirArchive {
  /** Name of the folder inside the archive. */
  readonly name: string;
  readonly url: string;
  /** Lower-case hexadecimal. */
  readonly md5: string;
}

/** `onProgress`: bytes so far, and in all where the server says. */
export type BeirDownloadOptions = Pick<DownloadOptions, 'signal' | 'onProgress'>;

/**
 * The published archive of a collection.
 * @throws EvaluationError `option_invalid` listing the names there are.
 */
export function beirArchive(name: string): BeirArchive {
  const md5 = Object.hasOwn(BEIR_MD5, name) ? BEIR_MD5[name] : undefined;
  if (md5 !== undefined) return { name, url: `${BEIR_URL}/${name}.zip`, md5 };
  const names = Object.keys(BEIR_MD5);
  throw new EvaluationError('option_invalid', `no BEIR collection "${name}"; there are ${names.join(', ')}`, {
    names,
  });
}

/**
 * Downloads a collection, checks it, and unpacks it to `directory/name`; one that is there already is kept.
 * What a broken connection leaves, `directory/name.zip.part`, is gone on with: at once as long as bytes arrive, else by
 * the next call. Nothing is left behind that could be taken for a whole collection.
 * @returns the collection's directory, for `readBeir`.
 * @throws EvaluationError `download_failed`: no answer, another status than 200 or 206, a wrong checksum, an archive
 * that is broken or holds no collection, or a full disk.
 */
export async function downloadBeir(
  archive: BeirArchive,
  directory: string,
  options: BeirDownloadOptions = {},
): Promise<string> {
  const target = path.join(directory, archive.name);
  if (await stat(path.join(target, 'corpus.jsonl')).catch(() => undefined)) return target;
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    throw failure(`${directory} cannot be made`, cause);
  });
  const zip = path.join(directory, `${archive.name}.zip`);
  const unpacked = path.join(directory, `${archive.name}.part`);
  await fetchArchive(archive, zip, options);
  // From here on the archive is whole: what fails now would fail again.
  try {
    await rm(unpacked, { recursive: true, force: true });
    await unpack(zip, archive.name, unpacked).catch((cause: unknown) => {
      throw failure(`${archive.url} cannot be unpacked`, cause);
    });
    await stat(path.join(unpacked, 'corpus.jsonl')).catch((cause: unknown) => {
      throw failure(`${archive.url} holds no ${archive.name}/corpus.jsonl`, cause);
    });
    await rename(unpacked, target);
    return target;
  } finally {
    await rm(zip, { force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}

function failure(message: string, cause: unknown): EvaluationError {
  const reason =
    cause instanceof Error ? (cause.cause instanceof Error ? cause.cause : cause).message : String(cause);
  return new EvaluationError('download_failed', `${message}: ${reason}`, {}, { cause });
}

async function fetchArchive(
  { url, md5 }: BeirArchive,
  zip: string,
  options: BeirDownloadOptions,
): Promise<void> {
  const remote = { name: url, url, digest: { algorithm: 'md5', hex: md5 } } as const;
  try {
    // At once as long as bytes arrive; else the next call goes on.
    await download(remote, zip, { ...options, tries: 2, pauseMs: 0 });
  } catch (cause) {
    if (!(cause instanceof DownloadError)) throw cause;
    const kept = (await stat(`${zip}.part`).catch(() => undefined))?.size ?? 0;
    const more = kept > 0 ? ` (${kept} bytes are kept for the next attempt)` : '';
    throw new EvaluationError('download_failed', `${cause.message}${more}`, {}, { cause });
  }
}

/** Unpacks the files of BEIR's layout under `root/` of the archive, and nothing else. */
async function unpack(file: string, root: string, directory: string): Promise<void> {
  await mkdir(path.join(directory, 'qrels'), { recursive: true });
  // yauzl refuses absolute paths and such that leave the folder.
  const zip = await openPromise(file, {});
  try {
    for await (const entry of zip.eachEntry()) {
      const relative = entry.fileName.startsWith(`${root}/`) ? entry.fileName.slice(root.length + 1) : '';
      if (!/^(corpus\.jsonl|queries\.jsonl|qrels\/[\w.-]+\.tsv)$/.test(relative)) continue;
      await pipeline(
        await zip.openReadStreamPromise(entry),
        createWriteStream(path.join(directory, relative)),
      );
    }
  } finally {
    zip.close();
  }
}
