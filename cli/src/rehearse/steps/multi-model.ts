import { invoke } from '../invoke.js';
import { stepsOf } from './step.js';

export const multiModelSteps = stepsOf('multi-model', [
  {
    id: 'multi-model',
    claim: 'A multi-model endpoint answers for a target model.',
    instanceHours: 0.5,
    minutes: 15,
    async run(rehearsal) {
      await rehearsal.deploy('multi-model');
      const name = rehearsal.endpointName('multi-model');
      const answer = await invoke(rehearsal.aws, name, { targetModel: 'embedded.tar.gz' });
      await rehearsal.destroy('multi-model');
      return answer;
    },
  },
]);
