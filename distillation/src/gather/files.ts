import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ModelError } from '@sagemaker-reranker/models';
import { readDictionary } from '../data/dictionary.js';
import { writeLines } from '../data/lines.js';
import { fingerprint, type TextRecord } from '../data/text-record.js';
import { readWordNet } from '../data/wordnet.js';
import { docstringSections } from './docstrings.js';
import { manualSections } from './manual-page.js';
import { markupSections } from './markup.js';
import { pdfText } from './pdf.js';
import { fortuneSections, plainTextSections } from './plain-text.js';
import { sectionRecords, type Section } from './prose.js';

/** Readers by the end of a file's name; `.gz` may follow. */
const READERS: readonly {
  readonly name: RegExp;
  readonly sections: (source: string) => Iterable<Section>;
}[] = [
  { name: /\.(x?html?|docbook|page|xml)$/i, sections: markupSections },
  { name: /\.(md|markdown|rmd|rst|txt|text)$/i, sections: plainTextSections },
  { name: /\/fortunes\/[a-z-]+$/, sections: fortuneSections },
  { name: /\/man\d\/[^/]+\.\d\w*$/, sections: manualSections },
  { name: /\.py$/, sections: docstringSections },
];

/** Files that list rather than tell, or that another language's readers want. */
const SKIPPED =
  /(genindex|py-modindex|searchindex|\bsearch\.|whatsnew|changelog|news|release|copyright|licen[cs]e|copying|credits|authors|thanks|_modules|_sources|\/tests?\/|node_modules\/.*\/node_modules)/i;
const FOREIGN = /\/(HTML|help|man)\/(?!en\b|man\d|C\b)[a-z]{2,3}([_@.][\w.@]+)?\//;

/** Longest file that is read: what is longer is a table. */
const MOST_BYTES = 4e6;

/**
 * Text records of a file, or of all files below a directory, whose format is known: HTML, DocBook, Mallard, Markdown, reStructuredText, plain
 * text, manual pages, Python docstrings, dictionaries of dictd, WordNet. In the order of their paths, each text once.
 */
export async function* readTexts(directory: string): AsyncGenerator<TextRecord> {
  if ((await stat(directory)).isFile()) {
    yield* readFileRecords(path.dirname(directory), path.basename(directory));
    return;
  }
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .filter((file) => !SKIPPED.test(file) && !FOREIGN.test(`/${file}`))
    .sort();
  const seen = new Set<string>();
  for (const file of files) {
    for await (const record of readFileRecords(directory, file)) {
      const key = fingerprint(record.text);
      if (key === '' || seen.has(key)) continue;
      seen.add(key);
      yield record;
    }
  }
}

async function* readFileRecords(directory: string, file: string): AsyncGenerator<TextRecord> {
  const full = path.join(directory, file);
  if (file.endsWith('.dict.dz')) {
    yield* (await readDictionary(full.replace(/\.dict\.dz$/, '.index'), full)).map((record) => ({
      ...record,
      id: `${file}:${record.id}`,
    }));
    return;
  }
  if (/(^|\/)wordnet\/data\.\w+$/.test(full)) {
    yield* readWordNet([full]);
    return;
  }
  const name = file.replace(/\.gz$/, '');
  if (name.endsWith('.pdf')) {
    // Running heads and axis labels pass for headings.
    const sections = [...plainTextSections(await pdfText(full))];
    yield* sectionRecords(name, [
      { heading: '', paragraphs: sections.flatMap(({ paragraphs }) => paragraphs) },
    ]);
    return;
  }
  const reader = READERS.find((known) => known.name.test(`/${name}`));
  if (!reader) return;
  const bytes = await readFile(full);
  const source = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  if (source.length > MOST_BYTES) return;
  yield* sectionRecords(name, reader.sections(source));
}

/**
 * The texts of directories as one corpus.
 * @returns the number of passages
 * @throws ModelError `config_invalid` where there are none.
 */
export async function gatherTexts(directories: readonly string[], out: string): Promise<number> {
  for (const directory of directories) {
    await stat(directory).catch((cause: unknown) => {
      throw new ModelError('config_invalid', `${directory} is not there`, directory, { cause });
    });
  }
  async function* all(): AsyncGenerator<TextRecord> {
    for (const directory of directories)
      for await (const record of readTexts(directory))
        yield { ...record, id: path.join(directory, record.id) };
  }
  const count = await writeLines(all(), out);
  if (count > 0) return count;
  throw new ModelError(
    'config_invalid',
    `no passage of English prose was found below ${directories.join(', ')}`,
  );
}
