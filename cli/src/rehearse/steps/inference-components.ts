import type { Rehearsal } from '../context.js';
import { invoke } from '../invoke.js';
import { stepsOf } from './step.js';

interface Component {
  readonly InferenceComponentStatus: string;
  readonly RuntimeConfig: { readonly CurrentCopyCount: number };
}

const componentOf = (rehearsal: Rehearsal) => `${rehearsal.endpointName('inference-components')}-embedded`;

function ask(rehearsal: Rehearsal): Promise<string> {
  const name = rehearsal.endpointName('inference-components');
  return invoke(rehearsal.aws, name, { inferenceComponentName: componentOf(rehearsal) });
}

async function copies(rehearsal: Rehearsal, count: number, minutes: number): Promise<void> {
  await rehearsal.aws.until(`${count} copies`, minutes, async () => {
    const { RuntimeConfig } = await component(rehearsal);
    return RuntimeConfig.CurrentCopyCount === count ? true : undefined;
  });
}

function component(rehearsal: Rehearsal): Promise<Component> {
  return rehearsal.aws.call<Component>('sagemaker', 'describe-inference-component', {
    inferenceComponentName: componentOf(rehearsal),
  });
}

export const inferenceComponentsSteps = stepsOf('inference-components', [
  {
    id: 'inference-components',
    claim: 'An inference component answers.',
    instanceHours: 0.5,
    minutes: 15,
    async run(rehearsal) {
      await rehearsal.deploy('inference-components');
      const { InferenceComponentStatus: status } = await component(rehearsal);
      return `${status}; ${await ask(rehearsal)}`;
    },
  },
  {
    id: 'more-copies',
    claim: 'A component gets as many copies as it is told to.',
    instanceHours: 0.5,
    minutes: 15,
    async run(rehearsal) {
      await rehearsal.aws.call('sagemaker', 'update-inference-component-runtime-config', {
        inferenceComponentName: componentOf(rehearsal),
        desiredRuntimeConfig: 'CopyCount=2',
      });
      await copies(rehearsal, 2, 15);
      return '2 copies';
    },
  },
  {
    id: 'components-to-zero-and-back',
    claim: 'An idle component shrinks to no copy, its first call fails, and it wakes.',
    instanceHours: 1,
    minutes: 60,
    async run(rehearsal) {
      await copies(rehearsal, 0, 40);
      const answer = await rehearsal.aws.until('the component awake', 30, () =>
        ask(rehearsal).catch(() => undefined),
      );
      await rehearsal.destroy('inference-components');
      return answer;
    },
  },
]);
