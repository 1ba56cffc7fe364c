import type { Settings } from '../settings.js';

/** Batch transform allows 100 MB for all calls in flight together. */
const MOST_MB = 100;
/** What batch transform reads to choose how it calls. */
interface ExecutionParameters {
  readonly MaxConcurrentTransforms: number;
  readonly BatchStrategy: 'MultiRecord';
  readonly MaxPayloadInMB: number;
}

/**
 * The best way to call this container in batch transform: as many lines in a call as it takes, and enough calls at once
 * that its bodies fit in memory and none of its inference processes waits.
 */
export function executionParameters(
  settings: Pick<Settings, 'maxBodyBytes' | 'inflightBytes' | 'workers'>,
): ExecutionParameters {
  const payload = Math.max(1, Math.min(MOST_MB, Math.floor(settings.maxBodyBytes / 1024 ** 2)));
  const fitting = Math.floor(settings.inflightBytes / settings.maxBodyBytes);
  const calls = Math.min(Math.floor(MOST_MB / payload), fitting, 2 * settings.workers);
  return {
    MaxConcurrentTransforms: Math.max(1, calls),
    BatchStrategy: 'MultiRecord',
    MaxPayloadInMB: payload,
  };
}
