import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bfloat16, float16 } from '../../../models/src/source/half.js';
import {
  SafetensorsFile,
  readSafetensors,
  writeSafetensors,
} from '../../../models/src/source/safetensors.js';

let file: string;
beforeEach(
  async () => (file = path.join(await mkdtemp(path.join(tmpdir(), 'safetensors-')), 'x.safetensors')),
);
afterEach(() => rm(path.dirname(file), { recursive: true, force: true }));

const tensors = new Map([
  ['a', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, 1e-20, 7) }],
  ['b.c', { shape: [1], data: Float32Array.of(-0.25) }],
]);

describe('safetensors', () => {
  it('reads back what it wrote', async () => {
    await writeSafetensors(file, tensors, { step: '12' });
    const read = await readSafetensors(file);
    expect(read.metadata).toEqual({ step: '12' });
    expect([...read.tensors]).toEqual([...tensors]);
  });

  it('has the layout of the format', async () => {
    await writeSafetensors(file, tensors);
    const bytes = await readFile(file);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as Record<string, unknown>;
    expect(header['b.c']).toEqual({ dtype: 'F32', shape: [1], data_offsets: [24, 28] });
    expect(bytes.length).toBe(8 + length + 28);
    expect(bytes.readFloatLE(8 + length + 4)).toBe(-2);
  });

  it.each([
    [4, 'shorter than a safetensors header'],
    [20, 'its header is truncated'],
    [-2, 'truncated'],
  ])('names what is wrong with a file cut at %d', async (at, message) => {
    await writeSafetensors(file, tensors);
    await writeFile(file, (await readFile(file)).subarray(0, at));
    await expect(readSafetensors(file)).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    [
      'F16',
      [0x3c00, 0xc000, 0x0001, 0x03ff, 0x0400, 0x7bff],
      [1, -2, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 65504],
    ],
    [
      'BF16',
      [0x3f80, 0xc000, 0x0080, 0x7f7f, 0x4049, 0x8000],
      [1, -2, 2 ** -126, 255 * 2 ** 120, 3.140625, -0],
    ],
  ])('widens %s exactly', async (dtype, bits, values) => {
    const header = Buffer.from(JSON.stringify({ x: { dtype, shape: [6], data_offsets: [0, 12] } }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const words = Buffer.alloc(12);
    bits.forEach((word, i) => words.writeUInt16LE(word, 2 * i));
    await writeFile(file, Buffer.concat([length, header, words]));
    const source = new SafetensorsFile(file);
    expect([...source.read('x')]).toEqual(values);
    expect(() => source.read('y')).toThrow('no tensor y');
    source.close();
  });

  it('keeps infinities and what is not a number', () => {
    expect([...float16(Uint16Array.of(0x7c00, 0xfc00, 0x7e00))]).toEqual([Infinity, -Infinity, Number.NaN]);
    expect([...bfloat16(Uint16Array.of(0x7f80, 0x7fc0))]).toEqual([Infinity, Number.NaN]);
  });

  it('reads other types only when they are asked for', async () => {
    await writeSafetensors(file, tensors);
    const text = (await readFile(file))
      .toString('latin1')
      .replace('"b.c":{"dtype":"F32"', '"b.c":{"dtype":"I32"');
    await writeFile(file, text, 'latin1');
    const source = new SafetensorsFile(file);
    expect(source.read('a')).toHaveLength(6);
    expect(() => source.read('b.c')).toThrow('I32');
    source.close();
  });

  it('says that a file is missing', async () => {
    await expect(readSafetensors(`${file}.none`)).rejects.toMatchObject({ code: 'model_file_missing' });
  });
});
