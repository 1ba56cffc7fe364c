import type { ModelDescription } from '../../models/description';
import { memoryBytes } from '../limits';
import type { Logger } from '../log';

/**
 * Arrays of [heads, S, S] float32 that an exporter's attention holds at once: 11.1 GB at 8,192 tokens with 12 heads
 * were measured, which is three and a half of them.
 */
const SCORE_ARRAYS = 4;
const FLOAT_BYTES = 4;
/** Part of the memory that they may take; the rest is for weights, the server and what else runs. */
const MEMORY_SHARE = 0.5;

/**
 * A model with an exporter's graph builds the attention scores of a pair as a whole, so its longest pair is cut to what
 * memory allows. Says in the log what was chosen and what it costs; a graph of this project is left as it is.
 */
export function withinMemory(
  description: ModelDescription,
  workers: number,
  logger: Logger,
  memory: number = memoryBytes(),
): ModelDescription {
  if (description.exported === undefined) return description;
  const { architecture, max_length: declared, exported } = description;
  const perSquare = SCORE_ARRAYS * FLOAT_BYTES * architecture.heads;
  const fitting = Math.floor(Math.sqrt((MEMORY_SHARE * memory) / workers / perSquare));
  const maxTokens = Math.min(declared, fitting);
  logger.info({ choices: exported.choices }, 'exported model');
  logger[maxTokens < declared ? 'warn' : 'info'](
    {
      maxTokens,
      declaredTokens: declared,
      attentionBytes: perSquare * maxTokens ** 2,
      memoryBytes: memory,
    },
    'an exported graph builds the attention of a pair whole; `reranker models build` makes one of JinaBERT and BERT that does not',
  );
  return { ...description, max_length: maxTokens };
}
