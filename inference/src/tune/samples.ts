import { readFile } from 'node:fs/promises';
import { ModelError, SAMPLE_DOCUMENTS, SAMPLE_QUERIES, describeFaults } from '@sagemaker-reranker/models';
import * as v from 'valibot';

/** A query with the documents that a model ranks for it. */
export interface SampleGroup {
  readonly query: string;
  readonly documents: readonly string[];
}

const text = v.pipe(v.string(), v.nonEmpty());
const line = v.object({ query: text, documents: v.pipe(v.array(text), v.minLength(2)) });

/** Texts of the package: every query with every document. */
export function packagedSamples(): SampleGroup[] {
  return SAMPLE_QUERIES.map((query) => ({ query, documents: SAMPLE_DOCUMENTS }));
}

/**
 * Reads texts of the user's own, a JSON object a line: `{"query": "...", "documents": ["...", "..."]}`.
 * @throws ModelError `config_invalid` naming the lines at fault.
 */
export async function readSamples(file: string): Promise<SampleGroup[]> {
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ModelError('config_invalid', `${file} cannot be read`, file, { cause });
  });
  const faults: { file: string; line: number; reason: string }[] = [];
  const groups: SampleGroup[] = [];
  for (const [i, json] of content
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (json.trim() === '') continue;
    const result = v.safeParse(line, parsed(json));
    if (result.success) groups.push(result.output);
    else
      faults.push({ file, line: i + 1, reason: 'must be {"query": text, "documents": [two texts or more]}' });
  }
  if (groups.length === 0 && faults.length === 0) faults.push({ file, line: 1, reason: 'the file is empty' });
  if (faults.length > 0) throw new ModelError('config_invalid', describeFaults(faults), file);
  return groups;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
