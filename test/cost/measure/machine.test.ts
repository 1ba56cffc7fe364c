import { availableParallelism } from 'node:os';
import { describeMachine } from '../../../cost/src/measure/machine.js';

test('describes this machine within its limits', () => {
  const machine = describeMachine('here', { vcpus: availableParallelism(), memoryBytes: 3 * 1024 ** 3 });
  expect(machine).toMatchObject({ name: 'here', vcpus: availableParallelism(), memoryMib: 3072 });
  expect(['x86_64', 'arm64']).toContain(machine.architecture);
});
