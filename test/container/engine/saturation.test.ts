import pino from 'pino';
import { warnOfSaturation } from '../../../container/src/engine/saturation.js';

test.each([
  ['8-bit weights where products saturate', { precision: 'int8' }, true, true],
  ['7-bit weights', { precision: 'int8', weight_bits: 7 }, true, false],
  ['fp32', { precision: 'fp32' }, true, false],
  ['a processor with VNNI', { precision: 'int8' }, false, false],
] as const)('warns once of shifted scores: %s', (_name, model, here, expected) => {
  const lines: string[] = [];
  warnOfSaturation(model, pino({}, { write: (line: string) => lines.push(line) }), here);
  expect(lines).toHaveLength(expected ? 1 : 0);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({
      level: 40,
      remedy: expect.stringContaining('--weight-bits 7') as string,
    });
  }
});
