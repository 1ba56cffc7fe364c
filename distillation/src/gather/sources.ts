import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Random } from '@sagemaker-reranker/models';
import * as v from 'valibot';
import { writeLines } from '../data/lines.js';
import { fingerprint, type TextRecord } from '../data/text-record.js';
import { object, readBySchema, whole } from '../schema.js';
import { descriptionTexts, packageTexts } from './packages.js';

/** Which packages' texts are gathered, kind by kind. */
const SOURCES = object({
  seed: whole(1),
  /** Fewest words of a text. */
  words: whole(1),
  kinds: v.record(
    v.string(),
    object({
      /** Records of the kind, drawn of what its packages give. */
      most: whole(1),
      /** Records of each package at most; `descriptions` is no package but all their descriptions. */
      packages: v.record(v.string(), whole(1)),
    }),
  ),
});
export type Sources = v.InferOutput<typeof SOURCES>;

/** @throws ModelError `config_invalid` naming each field that is missing, unknown or out of range. */
export function readSources(file: string): Promise<Sources> {
  return readBySchema(file, SOURCES, () => []);
}

interface Gathered {
  readonly kind: string;
  readonly records: number;
  /** Packages that gave nothing, with the reason where there is one. */
  readonly without: readonly string[];
}

/**
 * Gathers the texts of sources into `KIND.jsonl` files of a directory, files for a config's `corpus`. Each text is there once.
 * A kind whose file is there already is not gathered again.
 * @param texts records of a package; default: those of Debian's package of that name
 */
export async function* gatherSources(
  { seed, words, kinds }: Sources,
  out: string,
  texts: (name: string) => AsyncIterable<TextRecord> = textsOf,
): AsyncGenerator<Gathered> {
  await mkdir(out, { recursive: true });
  const seen = new Set<string>();
  for (const [kind, { most, packages }] of Object.entries(kinds)) {
    const file = path.join(out, `${kind}.jsonl`);
    if (await stat(file).catch(() => undefined)) continue;
    const random = new Random(seed);
    const all: TextRecord[] = [];
    const without: string[] = [];
    for (const [name, limit] of Object.entries(packages)) {
      const own: TextRecord[] = [];
      const add = async (): Promise<void> => {
        for await (const record of texts(name)) {
          const key = fingerprint(record.text);
          if (key.split(' ').length < words || seen.has(key)) continue;
          seen.add(key);
          own.push(record);
        }
      };
      const reason = await add().then(
        () => (own.length === 0 ? `${name}: no text` : undefined),
        (error: unknown) => `${name}: ${(error as Error).message}`,
      );
      if (reason !== undefined) without.push(reason);
      all.push(...some(own, limit, random));
    }
    const records = await writeLines(some(all, most, random), file);
    yield { kind, records, without };
  }
}

function textsOf(name: string): AsyncIterable<TextRecord> {
  return name === 'descriptions' ? descriptionTexts() : packageTexts(name);
}

/** `count` of the values, each as likely, in their order. */
function some<T>(values: readonly T[], count: number, random: Random): T[] {
  let wanted = Math.min(count, values.length);
  return values.filter((_, i) => {
    const taken = random.below(values.length - i) < wanted;
    if (taken) wanted--;
    return taken;
  });
}
