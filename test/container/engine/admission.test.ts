import { Admission } from '../../../container/src/engine/admission.js';

const thrown = (code: string, rest: object = {}) => expect.objectContaining({ code, ...rest }) as Error;

describe('Admission', () => {
  it('admits up to its limit and again what was released', () => {
    const admission = new Admission(100);
    admission.admit(60);
    admission.admit(40);
    expect(() => admission.check()).toThrow(thrown('overloaded'));
    admission.release(60);
    admission.check();
    const refusal = {
      status: 429,
      details: { queued: 40, limit: 100 },
      message: 'the queue holds 40 of 100 tokens; the request does not fit now',
    };
    expect(() => admission.admit(61)).toThrow(thrown('overloaded', refusal));
    admission.admit(60);
    expect(admission.queued).toBe(100);
  });

  it('refuses for good what would never fit', () => {
    const admission = new Admission(100);
    const refusal = {
      status: 422,
      details: { given_at_least: 101, limit: 100 },
      message: 'the request holds at least 101 tokens; at most 100 are allowed',
      retryAfter: undefined,
    };
    expect(() => admission.admit(101)).toThrow(thrown('too_many_tokens', refusal));
  });

  it('says when to come back: as long as the excess takes at the measured rate, 1 to 60 seconds', () => {
    const admission = new Admission(10_000);
    admission.admit(10_000);
    expect(() => admission.admit(3_000)).toThrow(thrown('overloaded', { retryAfter: 1 }));
    admission.measured(1_000, 1_000);
    expect(() => admission.admit(3_000)).toThrow(thrown('overloaded', { retryAfter: 3 }));
    for (let i = 0; i < 100; i += 1) admission.measured(1, 1_000);
    expect(() => admission.admit(10_000)).toThrow(thrown('overloaded', { retryAfter: 60 }));
  });
});
