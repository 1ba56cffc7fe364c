import { VARIANT, type Rehearsal } from '../context.js';
import { invoke } from '../invoke.js';
import { stepsOf } from './step.js';

async function bounds(rehearsal: Rehearsal, minCapacity: number, maxCapacity: number): Promise<void> {
  await rehearsal.aws.call('application-autoscaling', 'register-scalable-target', {
    serviceNamespace: 'sagemaker',
    scalableDimension: 'sagemaker:variant:DesiredInstanceCount',
    resourceId: `endpoint/${rehearsal.endpointName('real-time')}/variant/${VARIANT}`,
    minCapacity,
    maxCapacity,
  });
}

async function capacity(rehearsal: Rehearsal, count: number): Promise<void> {
  await rehearsal.aws.call('sagemaker', 'update-endpoint-weights-and-capacities', {
    endpointName: rehearsal.endpointName('real-time'),
    desiredWeightsAndCapacities: `VariantName=${VARIANT},DesiredInstanceCount=${count}`,
  });
  await rehearsal.instances('real-time', count, 20);
}

/** More capacity, other instances, another network; then all of it again from nothing. */
export const scalingSteps = stepsOf('real-time', [
  {
    id: 'more-capacity',
    claim: 'A fleet that is not scaled gets as many instances as it is told to.',
    instanceHours: 1,
    minutes: 20,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.deploy('real-time', { initialInstanceCount: 2 });
      await capacity(rehearsal, 3);
      await capacity(rehearsal, 2);
      return '2, 3 and 2 instances';
    },
  },
  {
    id: 'scale-out-and-in',
    claim: 'Raised bounds add instances at once, lowered ones take them away.',
    instanceHours: 1,
    minutes: 40,
    needs: ['first-deployment'],
    async run(rehearsal) {
      const scaled = { initialInstanceCount: 2, minInstanceCount: 2, maxInstanceCount: 3 };
      await rehearsal.deploy('real-time', scaled);
      const resourceId = `endpoint/${rehearsal.endpointName('real-time')}/variant/${VARIANT}`;
      await rehearsal.aws.until(`${resourceId} among the scalable targets`, 2, async () => {
        const { ScalableTargets } = await rehearsal.aws.call<{ ScalableTargets: { ResourceId: string }[] }>(
          'application-autoscaling',
          'describe-scalable-targets',
          { serviceNamespace: 'sagemaker' },
        );
        return ScalableTargets.some(({ ResourceId }) => ResourceId === resourceId) ? true : undefined;
      });
      await bounds(rehearsal, 3, 3);
      await rehearsal.instances('real-time', 3, 20);
      await bounds(rehearsal, 2, 2);
      await rehearsal.instances('real-time', 2, 20);
      return '2, 3 and 2 instances';
    },
  },
  {
    id: 'instance-type',
    claim: 'The instance type changes once the fleet is not scaled.',
    instanceHours: 2,
    minutes: 30,
    needs: ['first-deployment'],
    async run(rehearsal) {
      const [, instanceType] = rehearsal.app.instanceTypes;
      await rehearsal.deploy('real-time', { initialInstanceCount: 2 });
      await rehearsal.deploy('real-time', { initialInstanceCount: 2, instanceType });
      return (await rehearsal.inService('real-time')).EndpointStatus;
    },
  },
  {
    id: 'isolated-network',
    claim: 'Instances in a network without internet load the model and answer.',
    instanceHours: 2,
    minutes: 30,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.deploy('real-time', { isolatedNetwork: 'true' });
      await rehearsal.inService('real-time');
      return invoke(rehearsal.aws, rehearsal.endpointName('real-time'));
    },
  },
  {
    id: 'destroy-and-deploy-again',
    claim: 'A destroyed stack can be deployed again at once.',
    instanceHours: 1,
    minutes: 25,
    needs: ['first-deployment'],
    async run(rehearsal) {
      await rehearsal.aws.call('cloudformation', 'update-termination-protection', {
        noEnableTerminationProtection: true,
        stackName: rehearsal.stackName('real-time'),
      });
      await rehearsal.cdk('destroy', 'real-time', {}, ['--force']);
      await rehearsal.deploy('real-time');
      const { EndpointStatus } = await rehearsal.inService('real-time');
      await rehearsal.destroy('real-time');
      return EndpointStatus;
    },
  },
]);
