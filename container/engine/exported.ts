import type { ModelDescription } from '../../models/description';
import { memoryBytes } from '../limits';
import type { Logger } from '../log';
import { EXPORTED_BYTES_PER_SCORE } from './batch-memory';

/** Part of the memory that an exporter's attention scores may take; the rest is for weights, the server and what else runs. */
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
  const perSquare = EXPORTED_BYTES_PER_SCORE * architecture.heads;
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
