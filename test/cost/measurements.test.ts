import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkMeasurement, readMeasurements, shippedMeasurements } from '@sagemaker-reranker/cost';
import { variantFigures } from '@sagemaker-reranker/models';
import { measurement } from './support/measurement.js';

let directory: string;
beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), 'measurements-'))));
afterEach(() => rmSync(directory, { recursive: true }));

const write = (name: string, data: unknown): string => {
  const file = path.join(directory, name);
  writeFileSync(file, typeof data === 'string' ? data : JSON.stringify(data));
  return file;
};

test('those that ship are whole, one for each model and precision of a machine', () => {
  const shipped = shippedMeasurements();
  const keys = shipped.map(({ machine, model }) => `${machine.name} ${model.name} ${model.precision}`);
  expect(keys.length).toBeGreaterThan(0);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a folder is read file by file in order of names, other files left alone; a file is read alone', () => {
  write('b.json', measurement({ model: variantFigures('turbo', 'int8') }));
  const first = write('a.json', measurement());
  write('README.md', 'not a measurement');
  expect(readMeasurements(directory).map(({ model }) => model.name)).toEqual(['tiny', 'turbo']);
  expect(readMeasurements(first)).toEqual([measurement()]);
});

test('what is read is what was written', () => {
  const given = measurement({ open: [] });
  expect(checkMeasurement(JSON.parse(JSON.stringify(given)), 'x')).toEqual(given);
});

const of = (changes: object): unknown => ({ ...measurement(), ...changes });
const { machine, model } = measurement();

test.each([
  [of({ format: 1 }), 'format is 1; it must be 2'],
  [of({ model: { ...model, precision: 'fp16' } }), 'model.precision is "fp16"; it must be fp32 or int8'],
  [of({ model: { ...model, weightsBytes: 0 } }), 'model.weightsBytes is 0; it must be a number above 0'],
  [of({ model: { ...model, architecture: {} } }), 'model.architecture.layers is missing'],
  [of({ hosting: 'somewhere' }), 'hosting is "somewhere"; it must be one of real-time'],
  [of({ machine: { ...machine, vcpus: 0 } }), 'machine.vcpus is 0; it must be a number above 0'],
  [of({ machine: { ...machine, architecture: 'mips' } }), 'machine.architecture is "mips"'],
  [of({ saturation: {} }), 'saturation.pairsPerSecond is missing; it must be a number above 0'],
  [of({ instanceType: '' }), 'instanceType is ""; it must be an instance type or null'],
  [of({ open: [{ offeredPerSecond: -1 }] }), 'open.0.offeredPerSecond is -1'],
  [of({ open: 'none' }), 'open is "none"; it must be a list of steps'],
  [null, 'format is missing'],
])('%#: a fault is named by file and field', (data, message) => {
  const file = write('broken.json', data === null ? 'null' : data);
  expect(() => readMeasurements(file)).toThrow(`${file}: `);
  expect(() => readMeasurements(file)).toThrow(message);
});

test('text that is no JSON and a place that is not there are named', () => {
  const file = write('broken.json', '{');
  expect(() => readMeasurements(directory)).toThrow(`${file}: not a measurement: `);
  expect(() => readMeasurements(path.join(directory, 'none'))).toThrow(/none cannot be read \(ENOENT\)/);
});
