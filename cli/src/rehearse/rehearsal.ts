import { UsageError } from '@sagemaker-reranker/models';
import { AwsAnswer, NotSeen, words, type Aws } from './aws.js';
import { Rehearsal, stackName, type CdkApp } from './context.js';
import { leftovers, removeAll } from './leftovers.js';
import type { Outcome, RehearsalState, StateFile } from './state.js';
import { STEPS, type Step } from './steps/index.js';
import { UNTRIED } from './untried.js';

/** What is to be tried. */
interface RehearsalOptions {
  readonly aws: Aws;
  /** What cleans up: an interrupt does not end it. */
  readonly cleaner: Aws;
  readonly app: CdkApp;
  readonly file: StateFile;
  readonly state: RehearsalState;
  readonly steps: readonly Step[];
  /** Whether what was made stays, to be looked at. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** A claim and how it ended. */
interface Claim extends Outcome {
  readonly id: string;
  readonly claim: string;
}

/** How a rehearsal ended. */
export interface RehearsalReport {
  readonly environment: string;
  readonly region: string;
  /** Where an emulator stood in for AWS. */
  readonly endpointUrl: string | undefined;
  readonly claims: readonly Claim[];
  /** What still exists, and why. */
  readonly left: readonly string[];
}

const NOTHING_LEFT = {
  id: 'nothing-left',
  claim: 'Nothing is left once the stacks are destroyed and old generations pruned.',
};

/**
 * The steps that were asked for, with those they need, in order.
 * @throws UsageError naming ids that there are not.
 */
export function chooseSteps(only: readonly string[]): readonly Step[] {
  const unknown = only.filter((id) => !STEPS.some((step) => step.id === id));
  if (unknown.length > 0) {
    throw new UsageError(
      `--only names ${unknown.join(', ')}; there are ${STEPS.map(({ id }) => id).join(', ')}`,
    );
  }
  const wanted = new Set(only);
  for (const step of [...STEPS].reverse())
    if (wanted.has(step.id)) for (const id of step.needs) wanted.add(id);
  return STEPS.filter(({ id }) => wanted.has(id));
}

/** Hours that the steps take, and hours of instances that they use. */
export function estimate(steps: readonly Step[]): { readonly hours: number; readonly instanceHours: number } {
  return {
    hours: steps.reduce((sum, { minutes }) => sum + minutes, 0) / 60,
    instanceHours: steps.reduce((sum, step) => sum + step.instanceHours, 0),
  };
}

/** Tries the steps one after another, removes what they made whatever happens, and says how each ended. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const { aws, app, file, state, steps, keep, signal, log } = options;
  const save = () => file.write(state);
  const rehearsal = new Rehearsal(aws, state, app, save);
  reopen(steps, state);
  await save();
  const left: string[] = [];
  try {
    for (const step of steps) {
      if (signal.aborted) break;
      if (state.outcomes[step.id]) continue;
      log(`${step.id}: ${step.claim}`);
      const outcome = await attempt(step, rehearsal, signal);
      if (outcome === undefined) break;
      log(`  ${outcome.status}${outcome.detail && `: ${outcome.detail}`}`);
      await rehearsal.remember(({ outcomes }) => (outcomes[step.id] = outcome));
    }
  } finally {
    if (keep) left.push(...state.stacks.map((stack) => `stack ${stack} (--keep): ${state.removeWith}`));
    else left.push(...(await cleanUp(options, save)));
  }
  if (left.length === 0 && openSteps(steps, state).length === 0) file.remove();
  const untried: Outcome = {
    status: 'skipped',
    detail: signal.aborted ? 'interrupted' : 'not tried',
    seconds: 0,
  };
  const tried = steps.map(({ id, claim }) => ({ id, claim, ...(state.outcomes[id] ?? untried) }));
  const last = { ...NOTHING_LEFT, ...(state.outcomes[NOTHING_LEFT.id] ?? { ...untried, detail: '--keep' }) };
  const never = UNTRIED.map(({ id, claim, why }) => ({ id, claim, ...untried, detail: why }));
  return {
    environment: state.environment,
    region: state.region,
    endpointUrl: aws.endpointUrl,
    // A caller that asks for some steps is told of no others.
    claims: steps.length < STEPS.length ? [...tried, last] : [...tried, last, ...never],
    left,
  };
}

/** Steps of which it is not known that AWS does what they claim. */
export function openSteps(steps: readonly Step[], state: RehearsalState | undefined): readonly Step[] {
  return steps.filter(({ id }) => state?.outcomes[id]?.status !== 'verified');
}

/** What failed is tried again, and what open steps need where its stack has been removed since. */
function reopen(steps: readonly Step[], state: RehearsalState): void {
  const open = openSteps(steps, state);
  for (const { id } of [...open, NOTHING_LEFT]) Reflect.deleteProperty(state.outcomes, id);
  const gone = ({ mode }: Step) => !state.stacks.includes(stackName(state.environment, mode));
  for (const step of chooseSteps(open.map(({ id }) => id))) {
    if (gone(step)) Reflect.deleteProperty(state.outcomes, step.id);
  }
}

/** Undefined where it was interrupted: it will be tried again. */
async function attempt(step: Step, rehearsal: Rehearsal, signal: AbortSignal): Promise<Outcome | undefined> {
  const { shell } = rehearsal.aws;
  const missing = step.needs.filter((id) => rehearsal.state.outcomes[id]?.status !== 'verified');
  if (missing.length > 0) {
    return { status: 'skipped', detail: `needs ${missing.join(', ')}`, seconds: 0 };
  }
  const start = shell.now();
  const seconds = () => Math.round((shell.now() - start) / 1000);
  try {
    const detail = await step.run(rehearsal);
    return { status: 'verified', detail, seconds: seconds() };
  } catch (error) {
    if (signal.aborted) return undefined;
    const end = rehearsal.aws.endpointUrl === undefined ? undefined : endOfEmulator(error);
    if (end !== undefined) return { status: 'skipped', detail: end, seconds: seconds() };
    const detail = error instanceof Error ? error.message : String(error);
    return { status: 'failed', detail, seconds: seconds() };
  }
}

/** What an emulator cannot say of AWS; undefined where it did answer. */
function endOfEmulator(error: unknown): string | undefined {
  if (error instanceof NotSeen)
    return `${error.message}: an emulator runs no container, and nothing happens there by itself`;
  return error instanceof AwsAnswer && error.unknownOperation
    ? `the emulator has no ${error.command}: ${error.words.slice(0, 160)}`
    : undefined;
}

async function cleanUp(
  { cleaner: aws, state, log }: RehearsalOptions,
  save: () => Promise<void>,
): Promise<string[]> {
  log(`removing what the rehearsal made; if this ends early: ${state.removeWith}`);
  const start = aws.shell.now();
  const failed = await removeAll(aws, state, save);
  const left = [...failed, ...(failed.length === 0 ? await remaining(aws, state.environment) : [])];
  state.outcomes[NOTHING_LEFT.id] = {
    status: left.length === 0 ? 'verified' : 'failed',
    detail: left.length === 0 ? 'nothing found by tag, role path and stack' : left.join('; '),
    seconds: Math.round((aws.shell.now() - start) / 1000),
  };
  await save();
  return left;
}

/** What carries the environment's tag once the stacks are gone; AWS names for some minutes what it has deleted. */
export async function remaining(aws: Aws, environment: string): Promise<string[]> {
  let found: string[] = [];
  try {
    await aws.until('the end of what is tagged', 10, async () => {
      found = (await leftovers(aws, environment)).map(({ kind, name }) => `${kind} ${name}`);
      return found.length === 0 ? true : undefined;
    });
    return [];
  } catch (error) {
    return found.length > 0 ? found : [`what is tagged is not known: ${words(error)}`];
  }
}
