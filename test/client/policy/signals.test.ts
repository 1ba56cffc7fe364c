import { abortable, linkedController, untilAborted } from '../../../client/src/policy/signals.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('untilAborted', () => {
  it('settles as the task does, or with the reason at once', async () => {
    const controller = new AbortController();
    await expect(untilAborted(controller.signal, async () => 7)).resolves.toBe(7);
    const waiting = untilAborted(controller.signal, never);
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });

  it('does not begin a task when the signal has fired already', async () => {
    const task = jest.fn(never);
    await expect(untilAborted(AbortSignal.abort(new Error('gone')), task)).rejects.toThrow('gone');
    expect(task).not.toHaveBeenCalled();
  });
});

describe('linkedController', () => {
  it('follows its parent until it is unlinked, and never aborts it', () => {
    const parent = new AbortController();
    const [linked, alone] = [linkedController(parent.signal), linkedController(parent.signal)];
    alone.unlink();
    parent.abort(new Error('left'));
    expect(linked.signal.reason).toEqual(new Error('left'));
    expect(alone.signal.aborted).toBe(false);
    expect(linkedController(parent.signal).signal.aborted).toBe(true);

    const other = new AbortController();
    linkedController(other.signal).abort(new Error('own'));
    expect(other.signal.aborted).toBe(false);
  });
});

describe('abortable', () => {
  async function* source(ended: () => void): AsyncGenerator<number, void, undefined> {
    try {
      yield 1;
      yield 2;
      await never();
    } finally {
      ended();
    }
  }

  it('gives the items and then the reason, of a source that waits for ever', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const item of abortable(
        controller.signal,
        source(() => undefined),
      )) {
        seen.push(item);
        if (item === 2) setImmediate(() => controller.abort(new Error('left')));
      }
    })();
    await expect(reading).rejects.toThrow('left');
    expect(seen).toEqual([1, 2]);
  });

  it('ends its source when the loop is left', async () => {
    const ended = jest.fn();
    for await (const item of abortable(new AbortController().signal, source(ended))) {
      expect(item).toBe(1);
      break;
    }
    expect(ended).toHaveBeenCalledTimes(1);
  });
});
