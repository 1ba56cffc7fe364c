import { bedrock } from './bedrock.js';
import type { Codec } from './codec.js';
import { cohereV1 } from './cohere-v1.js';
import { cohereV2 } from './cohere-v2.js';
import type { Fields } from './fields.js';
import { jina } from './jina.js';
import { jinaSagemaker } from './jina-sagemaker.js';
import { tei } from './tei.js';
import { vllm } from './vllm.js';

/** Every format by the name a content type's `format` parameter gives it. */
export const FORMATS: ReadonlyMap<string, Codec> = new Map([
  ...[jina, jinaSagemaker, cohereV1, cohereV2, tei, bedrock, vllm].map(
    (codec) => [codec.name, codec] as const,
  ),
  ['cohere', cohereV2],
]);

/** Fields that only one format has, in the order they are looked for. */
const MARKS: readonly (readonly [mark: string, codec: Codec])[] = [
  ['queries', bedrock],
  ['sources', bedrock],
  ['data', jinaSagemaker],
  ['texts', tei],
  ['truncate_prompt_tokens', vllm],
  ['rank_fields', cohereV1],
  ['max_chunks_per_doc', cohereV1],
];

/** The format a body has by its shape; undefined where several formats have the same. */
export function detectFormat(fields: Fields): Codec | undefined {
  for (const [mark, codec] of MARKS) if (Object.hasOwn(fields, mark)) return codec;
  // Cohere's models on Bedrock and SageMaker are sent the version in the body.
  if (fields.api_version === 1) return cohereV1;
  if (fields.api_version === 2) return cohereV2;
  return undefined;
}

/** Routes of the systems whose formats are spoken here, and the format each takes a body for that has no mark. */
export const NATIVE_ROUTES: Readonly<Record<string, (fields: Fields) => Codec>> = {
  '/v1/rerank': () => jina,
  '/v2/rerank': () => cohereV2,
  '/rerank': (fields) => (Object.hasOwn(fields, 'documents') ? vllm : tei),
};
