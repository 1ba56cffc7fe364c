import * as client from '@sagemaker-reranker/client';

const { ModelError, RerankerError, TimeoutError, ValidationError } = client;

/** The same module a second time, as a bundle beside node_modules would have it. */
function secondCopy(): typeof client {
  let copy: typeof client | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof client>('../../../client');
  });
  return copy!;
}

const classes = Object.entries(client).filter(
  ([name, value]) => name.endsWith('Error') && typeof value === 'function',
) as unknown as [string, typeof RerankerError][];

describe('isInstance', () => {
  it('covers every error class', () => {
    expect(classes.map(([name]) => name).sort()).toEqual([
      'AbortedError',
      'AccessDeniedError',
      'CircuitOpenError',
      'EndpointNotFoundError',
      'InvalidResponseError',
      'MissingPackageError',
      'ModelError',
      'NetworkError',
      'PayloadTooLargeError',
      'RerankerError',
      'StreamInterruptedError',
      'ThrottledError',
      'TimeoutError',
      'UnavailableError',
      'ValidationError',
    ]);
  });

  it('recognises errors of another copy of the package, which instanceof does not', () => {
    const other = secondCopy();
    const error = new other.TimeoutError('late');
    expect(error).not.toBeInstanceOf(TimeoutError);
    expect(TimeoutError.isInstance(error)).toBe(true);
    expect(RerankerError.isInstance(error)).toBe(true);
    expect(ValidationError.isInstance(error)).toBe(false);
  });

  it('tells every class from every other, unbound too', () => {
    const errors = [
      new client.AbortedError('m'),
      new client.AccessDeniedError('m'),
      new client.CircuitOpenError('m'),
      new client.EndpointNotFoundError('m'),
      new client.InvalidResponseError('m'),
      new client.MissingPackageError('m'),
      new client.ModelError('m', {}),
      new client.NetworkError('m'),
      new client.PayloadTooLargeError('m'),
      new client.StreamInterruptedError('m'),
      new client.ThrottledError('m'),
      new client.TimeoutError('m'),
      new client.UnavailableError('model_not_ready', 'm'),
      new client.ValidationError('m'),
    ];
    for (const [name, type] of classes) {
      const { isInstance } = type;
      const found = errors.filter(isInstance).map((error) => error.name);
      expect(found).toEqual(name === 'RerankerError' ? errors.map((error) => error.name) : [name]);
    }
  });

  it.each([null, undefined, 'error', 1, {}, new Error('other'), { name: 'TimeoutError' }])(
    'is false for %p',
    (value) => {
      expect(RerankerError.isInstance(value)).toBe(false);
      expect(TimeoutError.isInstance(value)).toBe(false);
    },
  );
});

describe('fields', () => {
  it('carry cause, status, request id and a name that survives minifying', () => {
    const cause = new Error('below');
    const error = new client.ThrottledError('slow down', { status: 429, requestId: 'r-1', cause });
    expect(error).toMatchObject({
      name: 'ThrottledError',
      code: 'throttled',
      message: 'slow down',
      status: 429,
      requestId: 'r-1',
      retryable: true,
    });
    expect(error.cause).toBe(cause);
    expect(String(error)).toBe('ThrottledError: slow down');
  });
});

describe('ModelError', () => {
  const of = (statusCode: number, message: string) => new ModelError('m', { statusCode, message });

  it('reads our error body from the original message', () => {
    const body = { error: { code: 'overloaded', message: 'queue full', details: { tokens: 9 }, more: 1 } };
    expect(of(429, JSON.stringify(body)).containerError).toEqual({
      code: 'overloaded',
      message: 'queue full',
      details: { tokens: 9 },
    });
  });

  it.each([
    '',
    'boom',
    'null',
    '[]',
    '{"error":"text"}',
    '{"error":{"code":1,"message":"m"}}',
    '{"error":{"co',
  ])('leaves it out for %p', (message) => {
    const error = of(500, message);
    expect(error.containerError).toBeUndefined();
    expect(error.originalMessage).toBe(message);
  });

  it.each([
    [429, true],
    [503, true],
    [0, false],
    [400, false],
    [422, false],
    [500, false],
    [504, false],
  ])('with original status %i is retryable: %s', (status, retryable) => {
    expect(of(status, '').retryable).toBe(retryable);
  });
});
