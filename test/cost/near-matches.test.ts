import fc from 'fast-check';
import { didYouMean, editDistance, nearMatches } from '../../cost/src/near-matches.js';

const NAMES = ['us-east-1', 'us-east-2', 'us-west-1', 'eu-west-1', 'ap-south-1'];

test('edit distances have their known values', () => {
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('same', 'same')).toBe(0);
});

test('edit distance is a metric', () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(word, word, word, (a, b, c) => {
      expect(editDistance(a, b)).toBe(editDistance(b, a));
      expect(editDistance(a, b) === 0).toBe(a === b);
      expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c));
    }),
  );
});

test('the nearest come first, whatever the case, and far ones not at all', () => {
  expect(nearMatches('US-EAST-1', NAMES)[0]).toBe('us-east-1');
  expect(nearMatches('us-esat-1', NAMES)[0]).toBe('us-east-1');
  expect(nearMatches('somewhere else', NAMES)).toEqual([]);
  expect(nearMatches('us-east-1', NAMES, 2)).toHaveLength(2);
});

test('a part of a name finds all that contain it', () => {
  expect(nearMatches('west', NAMES).sort()).toEqual(['eu-west-1', 'us-west-1']);
});

test('the question names all candidates, or is not asked', () => {
  expect(didYouMean('turbp', ['base', 'turbo', 'tiny'])).toBe('; did you mean turbo?');
  expect(didYouMean('west', NAMES)).toBe('; did you mean eu-west-1 or us-west-1?');
  expect(didYouMean('nothing like it', NAMES)).toBe('');
});
