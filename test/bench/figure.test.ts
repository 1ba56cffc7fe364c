import { describeFigure, figureLine } from '../../bench/src/figure.js';

describe('a figure', () => {
  const figure = { name: 'int8 over fp32', value: 2.1996, unit: 'x', target: { atLeast: 2.2 } };

  it('is judged as measured, not as rounded', () => {
    expect(describeFigure(figure)).toMatch(/2\.200 x {3}\(>= 2\.2, NOT met\)$/);
    expect(figureLine(figure)).toEqual({
      name: 'int8 over fp32',
      value: 2.1996,
      unit: 'x',
      target: '>= 2.2',
      meets: false,
    });
  });

  it('meets a bound it equals, and no bound when it is not a number', () => {
    expect(figureLine({ ...figure, value: 2.2 }).meets).toBe(true);
    expect(figureLine({ ...figure, value: 5, target: { atMost: 5 } }).meets).toBe(true);
    expect(figureLine({ ...figure, value: NaN }).meets).toBe(false);
    expect(figureLine({ ...figure, value: NaN, target: { atMost: 5 } }).meets).toBe(false);
  });

  it('without a target is neither met nor missed', () => {
    expect(figureLine({ name: 'size', value: 3, unit: 'MB' })).toMatchObject({ target: null, meets: null });
  });
});
