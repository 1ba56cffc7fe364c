import { ERRORS, type ErrorCode, RequestError } from '@sagemaker-reranker/container';

const codes = Object.keys(ERRORS) as ErrorCode[];

describe('the table of errors', () => {
  it.each(codes)('%s is a snake_case code with an error status and a sentence', (code) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(ERRORS[code].status).toBeGreaterThanOrEqual(400);
    expect(ERRORS[code].status).toBeLessThan(600);
    expect(ERRORS[code].meaning).toMatch(/^[A-Z].*\.$/);
  });

  it('gives each error the status of its code and the shape of the wire', () => {
    const error = new RequestError('overloaded', 'full', { queued: 3 }, { retryAfter: 2 });
    expect(error).toMatchObject({ status: 429, retryAfter: 2 });
    expect(error.toBody()).toEqual({
      error: { code: 'overloaded', message: 'full', details: { queued: 3, retry_after: 2 } },
    });
  });
});
