import type { Rehearsal, RehearsedMode } from '../context.js';

/** One claim of docs/runbook.md, tried. */
export interface Step {
  readonly id: string;
  /** What the runbook says, as a sentence. */
  readonly claim: string;
  readonly mode: RehearsedMode;
  /** Instance hours of the first type, for the estimate of the cost. */
  readonly instanceHours: number;
  readonly minutes: number;
  /** Steps without which this one has nothing to work on. */
  readonly needs: readonly string[];
  /** Returns what was seen. */
  run(rehearsal: Rehearsal): Promise<string>;
}

/** Steps of one mode, in which all but those that say otherwise need the first. */
export function stepsOf(
  mode: RehearsedMode,
  steps: readonly (Omit<Step, 'mode' | 'needs'> & Partial<Pick<Step, 'needs'>>)[],
): Step[] {
  return steps.map((step, i) => ({ needs: i === 0 ? [] : [steps[0]!.id], ...step, mode }));
}
