import { availableParallelism } from 'node:os';
import { describeMachine, instructionSets } from '../../../cost/measure/machine';

test('finds the instruction sets that matter, on both architectures', () => {
  expect(
    instructionSets('processor\t: 0\nflags\t\t: fpu avx2 fma avx512f avx512_vnni amx_int8 sse2\nbugs\t:\n'),
  ).toEqual(['avx2', 'avx512f', 'avx512_vnni', 'amx_int8']);
  expect(instructionSets('processor\t: 0\nFeatures\t: fp asimd asimddp sve i8mm\n')).toEqual([
    'asimddp',
    'sve',
    'i8mm',
  ]);
  expect(instructionSets('')).toEqual([]);
});

test('describes this machine within its limits', () => {
  const machine = describeMachine('here', { vcpus: availableParallelism(), memoryBytes: 3 * 1024 ** 3 });
  expect(machine).toMatchObject({ name: 'here', vcpus: availableParallelism(), memoryMib: 3072 });
  expect(['x86_64', 'arm64']).toContain(machine.architecture);
});
