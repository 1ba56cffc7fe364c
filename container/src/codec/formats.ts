import { bedrock } from './bedrock.js';
import type { Codec, CodecLimits, RerankRequest } from './codec.js';
import { cohereV1 } from './cohere-v1.js';
import { cohereV2 } from './cohere-v2.js';
import { elastic } from './elastic.js';
import { Faults } from './faults.js';
import { infinity } from './infinity.js';
import { jina } from './jina.js';
import { jinaSagemaker } from './jina-sagemaker.js';
import { nim } from './nim.js';
import { dify, langchain } from './score-lists.js';
import { tei } from './tei.js';
import { textClassification } from './text-classification.js';
import type { Fields } from './text.js';
import { vllm } from './vllm.js';
import { vllmScore } from './vllm-score.js';
import { voyage } from './voyage.js';

/** Every format, in the order in which a body is tried for them. */
export const CODECS: readonly Codec[] = [
  jina,
  jinaSagemaker,
  tei,
  vllmScore,
  bedrock,
  dify,
  textClassification,
  langchain,
  elastic,
  nim,
  cohereV1,
  cohereV2,
  voyage,
  infinity,
  vllm,
];

/** Every format by the name a content type's `format` parameter gives it. */
export const FORMATS: ReadonlyMap<string, Codec> = new Map([
  ...CODECS.map((codec) => [codec.name, codec] as const),
  ['cohere', cohereV2],
]);

/** The owners' routes. */
export const NATIVE_PATHS: readonly string[] = [
  ...new Set(CODECS.flatMap(({ routes }) => Object.keys(routes ?? {}))),
];

const has = (fields: Fields, name: string): boolean =>
  Object.hasOwn(fields, name) && fields[name] !== undefined && fields[name] !== null;

/** The format a body has by its own fields; undefined where several formats have the same. */
export function detectFormat(fields: Fields, among: readonly Codec[] = CODECS): Codec | undefined {
  return among.find(
    ({ marks, detect }) => marks.some((mark) => has(fields, mark)) || detect?.(fields) === true,
  );
}

/** The format of a body on an owner's route: of those that are spoken there. */
export function nativeFormat(path: string, fields: Fields): Codec {
  const spoken = CODECS.filter(({ routes }) => routes?.[path] !== undefined);
  return (
    detectFormat(fields, spoken) ??
    spoken.find(({ routes }) => routes![path]!.every((name) => has(fields, name))) ??
    spoken[0]!
  );
}

/** Names that different formats have for one thing: whichever is given acts as the one the format knows. */
const SAME: readonly (readonly string[])[] = [
  ['top_n', 'top_k', 'topN', 'topK'],
  ['return_documents', 'return_text', 'returnDocuments'],
];

const OWNERS = new Map<string, string>(
  CODECS.flatMap(({ name, request }) => Object.keys(request).map((field) => [field, name] as const)),
);
/** Fields of other systems that change the answer and that nothing here can do. */
const IMPOSSIBLE = ['instruction', 'max_tokens_per_query', 'overlap_tokens', 'max_chunk_overlap'];
for (const name of [...SAME.flat(), ...IMPOSSIBLE]) if (!OWNERS.has(name)) OWNERS.set(name, 'another API');

/**
 * Reads a body in a format. A field of another format acts where this one has the same under another name, and is refused
 * where it has not: what a caller asks for is never ignored in silence.
 * @throws RequestError 422, with the path of the field in its details.
 */
export function decodeBody(codec: Codec, fields: Fields, limits: CodecLimits): RerankRequest {
  const faults = new Faults();
  // Without a prototype: a body may have a field of that name.
  const own = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(fields)) {
    if (Object.hasOwn(codec.request, name) || !OWNERS.has(name) || !has(fields, name)) {
      own[name] ??= value;
      continue;
    }
    const target = translated(codec, name, value);
    if (target === undefined) {
      faults.add(name, `is a field of ${OWNERS.get(name)}; the format ${codec.name} does not have it`);
    } else if (has(fields, target.name) && fields[target.name] !== target.value) {
      faults.add(name, `says something else than ${target.name}; send one of them`);
    } else own[target.name] = target.value;
  }
  faults.throwIfAny();
  return codec.decode(own, limits);
}

function translated(
  { request }: Codec,
  name: string,
  value: unknown,
): { name: string; value: unknown } | undefined {
  if (name === 'use_activation' && Object.hasOwn(request, 'raw_scores') && typeof value === 'boolean') {
    return { name: 'raw_scores', value: !value };
  }
  const target = SAME.find((names) => names.includes(name))?.find((other) => Object.hasOwn(request, other));
  return target === undefined ? undefined : { name: target, value };
}
