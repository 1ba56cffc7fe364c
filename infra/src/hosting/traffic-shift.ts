import { Duration } from 'aws-cdk-lib';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import type { Faults } from '../common/configuration-error.js';
import type { TrafficShift } from './settings.js';

const HOUR = 3600;

/**
 * Names what SageMaker would refuse of a traffic shift.
 * @param instances Instances of the fleet, the fewest there are.
 */
export function checkTrafficShift(shift: TrafficShift | undefined, instances: number, faults: Faults): void {
  if (shift === undefined) return;
  faults.require(
    shift.strategy === 'all-at-once' || instances > 1,
    `hosting.trafficShift is ${shift.strategy} on a fleet that starts with 1 instance; a part may be half of the instances at most, so start with 2 or more, or shift all at once`,
  );
  const step = shift.stepPercentage;
  if (shift.strategy === 'all-at-once') {
    faults.require(step === undefined, `hosting.trafficShift.stepPercentage has no meaning with all-at-once`);
  } else {
    faults.integer('hosting.trafficShift.stepPercentage', step, shift.strategy === 'linear' ? 10 : 1, 50);
  }
  for (const name of ['interval', 'terminationWait'] as const) {
    faults.integer(`hosting.trafficShift.${name} in seconds`, shift[name]?.toSeconds(), 0, HOUR);
  }
}

/**
 * Blue/green update: new instances beside the old, traffic in steps, the alarms watched after each; any of them takes all
 * traffic back to the old instances.
 */
export function deploymentConfig(
  shift: TrafficShift,
  alarms: readonly IAlarm[],
): CfnEndpoint.DeploymentConfigProperty {
  const wait = (shift.interval ?? Duration.minutes(5)).toSeconds();
  const terminationWait = (shift.terminationWait ?? Duration.minutes(5)).toSeconds();
  const step = { type: 'CAPACITY_PERCENT', value: shift.stepPercentage ?? 10 };
  const types = { canary: 'CANARY', linear: 'LINEAR', 'all-at-once': 'ALL_AT_ONCE' } as const;
  const steps = { canary: 2, linear: Math.ceil(100 / step.value), 'all-at-once': 1 }[shift.strategy];
  return {
    blueGreenUpdatePolicy: {
      trafficRoutingConfiguration: {
        type: types[shift.strategy],
        waitIntervalInSeconds: wait,
        canarySize: shift.strategy === 'canary' ? step : undefined,
        linearStepSize: shift.strategy === 'linear' ? step : undefined,
      },
      terminationWaitInSeconds: terminationWait,
      // Twice the waiting, and half an hour for instances to start; SageMaker allows 10 minutes to 8 hours.
      maximumExecutionTimeoutInSeconds: Math.min(8 * HOUR, 2 * (steps * wait + terminationWait) + HOUR / 2),
    },
    autoRollbackConfiguration:
      alarms.length === 0 ? undefined : { alarms: alarms.map(({ alarmName }) => ({ alarmName })) },
  };
}
