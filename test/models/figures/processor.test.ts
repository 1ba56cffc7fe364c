import { instructionSets, saturates } from '@sagemaker-reranker/models';

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

test.each([
  ['Skylake', ['avx2', 'avx512f'], true],
  ['Broadwell', ['avx2'], true],
  ['Cascade Lake', ['avx2', 'avx512f', 'avx512_vnni'], false],
  ['Alder Lake', ['avx2', 'avx_vnni'], false],
  ['Graviton', ['asimddp', 'i8mm'], false],
  ['one that does not say', [], false],
])('8-bit products saturate only on an x86 without VNNI: %s', (_name, sets, expected) => {
  expect(saturates(sets)).toBe(expected);
});
