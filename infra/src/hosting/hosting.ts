import type { RerankerModel } from '../model/reranker-model.js';
import { asynchronous, type AsynchronousHosting } from './asynchronous.js';
import { inferenceComponents, type InferenceComponentsHosting } from './inference-components.js';
import { multiModel, type MultiModelHosting } from './multi-model.js';
import type { HostingPlan, Mode } from './plan.js';
import { realTime, type RealTimeHosting } from './real-time.js';
import { serverless, type ServerlessHosting } from './serverless.js';

/** How an endpoint is hosted. Each mode has the settings that SageMaker accepts for it and no others. */
export type Hosting = SingleModelHosting | ManyModelHosting;
/** Modes that serve one model. */
export type SingleModelHosting = RealTimeHosting | ServerlessHosting | AsynchronousHosting;
/** Modes that serve several. */
export type ManyModelHosting = MultiModelHosting | InferenceComponentsHosting;
export type HostingMode = Hosting['mode'];

/** The modes by name. A new one is a file beside these, and a line in each of the two lists of this file. */
export const MODES: { readonly [M in HostingMode]: Mode<Extract<Hosting, { mode: M }>> } = {
  'real-time': realTime,
  serverless,
  asynchronous,
  'multi-model': multiModel,
  'inference-components': inferenceComponents,
};

export const HOSTING_MODES = Object.keys(MODES) as readonly HostingMode[];

/** The mode of a hosting, for any of them. */
export function modeOf(mode: HostingMode): Mode<Hosting> {
  // Each takes its own hosting only; callers hand back what belongs to the mode they named.
  return MODES[mode];
}

/** A plan, and the mode that it is one of. */
export type PlannedHosting = HostingPlan & { readonly mode: HostingMode };

/**
 * The endpoint as it will be built.
 * @throws ConfigurationError naming every setting that is out of range or cannot hold the models.
 */
export function planHosting(hosting: Hosting, models: readonly RerankerModel[]): PlannedHosting {
  return { ...modeOf(hosting.mode).plan(hosting, models), mode: hosting.mode };
}
