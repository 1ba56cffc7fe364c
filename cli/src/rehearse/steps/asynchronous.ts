import type { Rehearsal } from '../context.js';
import { invokeAsync } from '../invoke.js';
import { stepsOf } from './step.js';

async function ask(rehearsal: Rehearsal, minutes: number): Promise<string> {
  const bucket = await rehearsal.output('asynchronous', 'ExchangeBucket');
  return invokeAsync(rehearsal.aws, rehearsal.endpointName('asynchronous'), bucket, minutes);
}

export const asynchronousSteps = stepsOf('asynchronous', [
  {
    id: 'asynchronous',
    claim: 'An asynchronous request is answered in S3.',
    instanceHours: 0.5,
    minutes: 15,
    async run(rehearsal) {
      await rehearsal.deploy('asynchronous');
      return ask(rehearsal, 15);
    },
  },
  {
    id: 'asynchronous-to-zero-and-back',
    claim: 'An idle asynchronous fleet shrinks to nothing and wakes for a request.',
    instanceHours: 1,
    minutes: 60,
    async run(rehearsal) {
      await rehearsal.instances('asynchronous', 0, 40);
      return ask(rehearsal, 30);
    },
  },
  {
    id: 'asynchronous-instance-type',
    claim: 'An asynchronous fleet changes its instance type while it keeps its size.',
    instanceHours: 1,
    minutes: 30,
    async run(rehearsal) {
      const fixed = { minInstanceCount: 1, maxInstanceCount: 1 };
      const [, instanceType] = rehearsal.app.instanceTypes;
      await rehearsal.deploy('asynchronous', fixed);
      await rehearsal.deploy('asynchronous', { ...fixed, instanceType });
      const { EndpointStatus } = await rehearsal.inService('asynchronous');
      await rehearsal.destroy('asynchronous');
      return EndpointStatus;
    },
  },
]);
