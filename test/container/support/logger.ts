import pino from 'pino';
import type { Logger } from '@sagemaker-reranker/container';

/** A logger that says nothing. */
export const quiet: Logger = pino({ level: 'silent' });
