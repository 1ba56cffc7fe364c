import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Report, Suite } from '../suite.js';
import { batchInvariance } from './invariance.js';
import { longPairs } from './long-pairs.js';
import { rankings } from './rankings.js';
import { integerSpeed } from './speed.js';

/** What this project's graphs are held to: speed of int8, memory and time of long pairs, batches, rankings. */
export const models: Suite = {
  summary: 'the graphs: int8 speed, long pairs, batch invariance, int8 rankings; about 5 minutes',
  async run(report: Report, note) {
    const directory = await mkdtemp(path.join(tmpdir(), 'bench-models-'));
    try {
      for (const part of [integerSpeed, rankings, batchInvariance, longPairs]) {
        await part({ directory, report, note });
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};
