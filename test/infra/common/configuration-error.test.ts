import { ConfigurationError } from '@sagemaker-reranker/infra';
import { Faults } from '../../../infra/src/common/configuration-error.js';

test('one message names every fault', () => {
  const error = new ConfigurationError('Stack/Reranker', ['a is 0', 'b is missing']);
  expect(error.message).toBe('Stack/Reranker: 2 faults\n  - a is 0\n  - b is missing');
  expect(error.faults).toEqual(['a is 0', 'b is missing']);
});

describe('Faults', () => {
  test('throws nothing when nothing was found', () => {
    const faults = new Faults();
    faults.require(true, 'never');
    faults.integer('count', undefined, 1, 2);
    faults.integer('count', 2, 1, 2);
    expect(() => faults.throwIfAny('subject')).not.toThrow();
  });

  test.each([0, 3, 1.5, NaN])('refuses %p where 1 to 2 is allowed', (value) => {
    const faults = new Faults();
    faults.integer('count', value, 1, 2);
    expect(() => faults.throwIfAny('subject')).toThrow(
      `count is ${value}; it must be a whole number from 1 to 2`,
    );
  });

  test('gathers the faults of nested checks and lets other errors pass', () => {
    const faults = new Faults();
    faults.add('first');
    expect(
      faults.collect(() => {
        throw new ConfigurationError('inner', ['second', 'third']);
      }),
    ).toBeUndefined();
    expect(faults.collect(() => 7)).toBe(7);
    expect(() =>
      faults.collect(() => {
        throw new TypeError('a bug');
      }),
    ).toThrow('a bug');
    expect(() => faults.throwIfAny('outer')).toThrow('outer: 3 faults\n  - first\n  - second\n  - third');
  });
});
