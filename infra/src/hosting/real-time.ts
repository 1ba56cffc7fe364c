import { Faults } from '../common/configuration-error.js';
import { instanceAlarms, instanceGraphs } from '../monitoring/metrics.js';
import {
  FLEET_KEYS,
  FLEET_SETTINGS,
  fleetFromContext,
  fleetVariant,
  REAL_TIME_METRICS,
  trafficShiftOf,
} from './fleet.js';
import { checkInstances, instancesPlan } from './instances.js';
import { PRODUCTION_VARIANT, type Mode, type VariantPlan } from './plan.js';
import type { DataCapture, FleetSettings, OtherModel, ShadowModel, WeightedModel } from './settings.js';

/** An always-on fleet of instances behind the endpoint. */
export interface RealTimeHosting extends FleetSettings {
  readonly mode: 'real-time';
  /**
   * Recording of traffic.
   * @default none
   */
  readonly dataCapture?: DataCapture;
  /**
   * Other models that take part of the traffic, at most 2: each has three alarms, and SageMaker watches 10 during a
   * deployment. They keep their number of instances.
   * @default none
   */
  readonly others?: readonly WeightedModel[];
  /**
   * A model that is sent copies of the requests; with no others.
   * @default none
   */
  readonly shadow?: ShadowModel;
}

export const realTime: Mode<RealTimeHosting> = {
  suffix: '',
  manyModels: false,
  call: () => ({}),
  published: REAL_TIME_METRICS,
  alarms: instanceAlarms,
  graphs: instanceGraphs,
  settings: { ...FLEET_SETTINGS, dataCapture: true, others: true, shadow: true },
  contextKeys: [...FLEET_KEYS, 'dataCapturePercentage'],

  fromContext(context) {
    const samplingPercentage = context.number('dataCapturePercentage');
    return {
      mode: 'real-time',
      ...fleetFromContext(context),
      dataCapture: samplingPercentage === undefined ? undefined : { samplingPercentage },
    };
  },

  place(hosting, { network, key }) {
    const dataCapture = hosting.dataCapture && { ...hosting.dataCapture, encryptionKey: key };
    return { ...hosting, network, volumeKey: key, dataCapture };
  },

  plan(hosting, models) {
    const faults = new Faults();
    const { others = [], shadow, dataCapture } = hosting;
    faults.integer('hosting.dataCapture.samplingPercentage', dataCapture?.samplingPercentage, 1, 100);
    checkOthers(others, shadow, faults);
    const taken = others.reduce((total, { share }) => total + share, 0);
    const weight = others.length > 0 ? 1 - taken : 1;
    const first = fleetVariant(hosting, models, weight, faults);
    const beside = others.map((other) => otherVariant(hosting, other, other.share, faults));
    const copies = shadow && otherVariant(hosting, shadow, shadow.share, faults);
    const trafficShift = trafficShiftOf(hosting.trafficShift, first, faults);
    faults.throwIfAny('hosting');
    return {
      ...instancesPlan(hosting),
      modelData: 'own',
      variants: [first!, ...beside.map((variant) => variant!)],
      shadow: copies,
      dataCapture,
      trafficShift,
      scraped: true,
    };
  },
};

function checkOthers(
  others: readonly WeightedModel[],
  shadow: ShadowModel | undefined,
  faults: Faults,
): void {
  faults.require(
    others.length <= 2,
    `hosting.others holds ${others.length}; at most 2, since SageMaker watches 10 alarms during a deployment and each model has 3`,
  );
  faults.require(
    shadow === undefined || others.length === 0,
    'hosting.shadow is given with hosting.others; SageMaker copies requests of one production variant only: leave one of them out',
  );
  const names = [PRODUCTION_VARIANT, ...others.map(({ name }) => name), ...(shadow ? [shadow.name] : [])];
  for (const [i, name] of names.entries()) {
    faults.require(
      /^[A-Za-z0-9](-*[A-Za-z0-9]){0,62}$/.test(name) && names.indexOf(name) === i,
      `variant name "${name}" must be 1 to 63 letters, digits and hyphens between them, and of no other variant`,
    );
  }
  for (const { name, share } of others) {
    faults.require(
      share > 0 && share < 1,
      `hosting.others: share of ${name} is ${share}; it must be more than 0 and less than 1`,
    );
  }
  const total = others.reduce((sum, { share }) => sum + share, 0);
  faults.require(
    total < 1,
    `hosting.others take ${total} of the traffic; together they must leave some to the endpoint's own model`,
  );
  faults.require(
    shadow === undefined || (shadow.share > 0 && shadow.share <= 1),
    `hosting.shadow.share is ${shadow?.share}; it must be more than 0 and at most 1`,
  );
}

/** A variant of its own size on instances placed as the endpoint's are. */
function otherVariant(
  { volumeKey, network }: RealTimeHosting,
  { name, model, instanceType, workers, initialInstanceCount }: OtherModel,
  weight: number,
  faults: Faults,
): VariantPlan | undefined {
  const own = { instanceType, workers, initialInstanceCount, volumeKey, network };
  checkInstances(own, faults);
  const variant = fleetVariant(own, [model], weight, faults);
  return variant && { ...variant, name };
}
