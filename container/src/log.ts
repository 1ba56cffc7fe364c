import pino, { type Logger } from 'pino';
import type { LogLevel } from './settings.js';

export type { Logger };

/**
 * JSON lines on standard output. Callers log counts, tokens, milliseconds and ids only: never the text of a
 * query or document.
 */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
}
