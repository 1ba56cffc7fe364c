import fc from 'fast-check';
import { executionParameters } from '../../../container/src/http/execution-parameters.js';

describe('executionParameters', () => {
  it('stays within the limits of batch transform and of the container', () => {
    const bytes = fc.integer({ min: 1_024, max: 1_073_741_824 });
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 64 }), (maxBodyBytes, more, workers) => {
        const inflightBytes = maxBodyBytes + more;
        const chosen = executionParameters({ maxBodyBytes, inflightBytes, workers });
        const { MaxConcurrentTransforms: calls, MaxPayloadInMB: payload } = chosen;
        expect(calls).toBeGreaterThanOrEqual(1);
        expect(payload).toBeGreaterThanOrEqual(1);
        expect(calls * payload).toBeLessThanOrEqual(100);
        if (maxBodyBytes >= 1024 ** 2) expect(payload * 1024 ** 2).toBeLessThanOrEqual(maxBodyBytes);
        expect(calls * maxBodyBytes).toBeLessThanOrEqual(inflightBytes);
      }),
    );
  });
});
