import fc from 'fast-check';
import { Semaphore } from '../../../client/src/policy/semaphore.js';
import { manyListeners } from '../../../client/src/policy/signals.js';

const { signal } = manyListeners(new AbortController());
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('never lets more in than it has slots, and everybody in the end, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 20 }),
      async (s, slots, tasks) => {
        const semaphore = new Semaphore(slots);
        let inside = 0;
        let most = 0;
        const order: number[] = [];
        const work = Array.from({ length: tasks }, async (_, i) => {
          const release = await semaphore.acquire(signal);
          order.push(i);
          inside += 1;
          most = Math.max(most, inside);
          await s.schedule(Promise.resolve());
          inside -= 1;
          release();
          release();
        });
        await s.waitAll();
        await Promise.all([s.waitIdle(), ...work]);
        expect(most).toBeLessThanOrEqual(slots);
        expect(order).toEqual(Array.from({ length: tasks }, (_, i) => i));
      },
    ),
    { numRuns: 30 },
  );
});

it('takes who aborts out of the line, with the reason, and loses no slot', async () => {
  const semaphore = new Semaphore(1);
  const release = await semaphore.acquire(signal);
  const controller = new AbortController();
  const waiting = semaphore.acquire(controller.signal);
  const next = semaphore.acquire(signal);
  controller.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  expect(semaphore.tryAcquire()).toBeUndefined();
  release();
  (await next)();
  await turn();
  expect(semaphore.tryAcquire()).toBeDefined();
});

it('does not wait for a signal that has fired already', async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire(signal);
  await expect(semaphore.acquire(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
});
