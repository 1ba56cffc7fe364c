import { ConfigurationError, Faults } from '../common/configuration-error.js';
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

const NO_VPC = ', since SageMaker refuses a VPC there';
const NO_VOLUME = ', since SageMaker has no volume there to encrypt; answers travel by TLS and are not kept';
const NO_CAPTURE = ', where SageMaker records nothing or this project does not set it up';
/** Why a setting, or a key of the context, has no meaning with modes where it could seem to have one. */
export const WHY: Readonly<Record<string, string>> = {
  network: NO_VPC,
  isolatedNetwork: NO_VPC,
  volumeKey: NO_VOLUME,
  ownKey: NO_VOLUME,
  dataCapture: NO_CAPTURE,
  dataCapturePercentage: NO_CAPTURE,
  usdPerInstanceHour: ', whose metrics do not tell instances from invocations',
};

/**
 * The mode of a hosting, for any of them.
 * @throws ConfigurationError where there is no such mode.
 */
export function modeOf(mode: HostingMode): Mode<Hosting> {
  if (!HOSTING_MODES.includes(mode))
    throw new ConfigurationError('hosting', [
      `hosting.mode is "${String(mode)}"; it must be one of ${HOSTING_MODES.join(', ')}`,
    ]);
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
  const faults = new Faults();
  const { mode, ...given } = hosting;
  // Types refuse most of these; what is spread into a hosting, or comes from JavaScript, they do not see.
  for (const [name, value] of Object.entries(given)) {
    const modes = HOSTING_MODES.filter((each) => name in modeOf(each).settings);
    faults.require(
      value === undefined || modes.includes(mode),
      modes.length === 0
        ? `hosting.${name} is no setting`
        : `hosting.${name} has no meaning with ${mode}${WHY[name] ?? ''}; it belongs to ${modes.join(', ')}`,
    );
  }
  const plan = faults.collect(() => modeOf(mode).plan(hosting, models));
  faults.throwIfAny('hosting');
  return { ...plan!, mode };
}
