import type { IKey } from 'aws-cdk-lib/aws-kms';
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
import { instancesPlan } from './instances.js';
import type { Mode } from './plan.js';
import type { FleetSettings } from './settings.js';

/** Several variants in one container of one fleet, loaded as they are asked for by `TargetModel`. */
export interface MultiModelHosting extends FleetSettings {
  readonly mode: 'multi-model';
  /**
   * Key for the bucket of the models.
   * @default S3's own key
   */
  readonly encryptionKey?: IKey;
}

export const multiModel: Mode<MultiModelHosting> = {
  suffix: 'multi',
  manyModels: true,
  call: ({ name }) => ({ targetModel: `${name}.tar.gz` }),
  published: REAL_TIME_METRICS,
  alarms: instanceAlarms,
  graphs: instanceGraphs,
  settings: { ...FLEET_SETTINGS, encryptionKey: true },
  contextKeys: FLEET_KEYS,

  fromContext: (context) => ({ mode: 'multi-model', ...fleetFromContext(context) }),

  place: (hosting, { network, key }) => ({ ...hosting, network, volumeKey: key, encryptionKey: key }),

  plan(hosting, models) {
    const faults = new Faults();
    const elsewhere = models.filter((model) => !model.local).map((model) => model.name);
    faults.require(
      elsewhere.length === 0,
      `models: ${elsewhere.join(', ')} lies in a bucket of its own; multi-model reads all archives below one prefix, so give RerankerModel.fromDirectory`,
    );
    const fleet = fleetVariant(hosting, models, 1, faults);
    const trafficShift = trafficShiftOf(hosting.trafficShift, fleet, faults);
    faults.throwIfAny('hosting');
    return {
      ...instancesPlan(hosting),
      modelData: { below: 'one prefix', encryptionKey: hosting.encryptionKey },
      variants: [fleet!],
      trafficShift,
      scraped: true,
    };
  },
};
