import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import {
  LocalObjectStore,
  StoreLimitError,
  type StoreLimits,
} from '../../../container/src/local/object-store.js';

const open: LocalObjectStore[] = [];
afterEach(() => Promise.all(open.splice(0).map((store) => store.close())));

function storeOf(limits?: StoreLimits): LocalObjectStore {
  const store = new LocalObjectStore(limits);
  open.push(store);
  return store;
}
const put = (store: LocalObjectStore, name: string, content: string) =>
  store.put(name, Readable.from([Buffer.from(content)]), 'text/plain');
const get = async (store: LocalObjectStore, name: string) => {
  const found = store.read(name);
  return found && text(found.content);
};

test('behaves as a map of names to contents, within its limit of bytes', async () => {
  const names = fc.constantFrom('b/1', 'b/2', 'c/1');
  const step = fc.record({
    name: names,
    content: fc.option(fc.string({ maxLength: 20, unit: 'grapheme-ascii' })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const limits = { objectBytes: 15, totalBytes: 30, objects: 2 };
      const store = storeOf(limits);
      const model = new Map<string, string>();
      for (const { name, content } of steps) {
        if (content === null) {
          await store.delete(name);
          model.delete(name);
          continue;
        }
        const total = [...model.values()].reduce((sum, { length }) => sum + length, content.length);
        const fits =
          content.length <= limits.objectBytes &&
          total <= limits.totalBytes &&
          (model.has(name) || model.size < limits.objects);
        const stored = await put(store, name, content).then(
          () => true,
          (error: unknown) => {
            expect(error).toBeInstanceOf(StoreLimitError);
            return false;
          },
        );
        expect(stored).toBe(fits);
        if (stored) model.set(name, content);
      }
      for (const name of ['b/1', 'b/2', 'c/1']) expect(await get(store, name)).toBe(model.get(name));
    }),
    { numRuns: 30 },
  );
});

test('an upload that breaks off leaves what was there', async () => {
  const store = storeOf();
  await put(store, 'b/k', 'before');
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('aft');
    await Promise.resolve();
    throw new Error('connection lost');
  }
  await expect(store.put('b/k', broken(), 'text/plain')).rejects.toThrow('connection lost');
  expect(await get(store, 'b/k')).toBe('before');
});

test('who reads an object reads it to its end, though it is replaced meanwhile', async () => {
  const store = storeOf();
  await put(store, 'b/k', 'first');
  const { content } = store.read('b/k')!;
  await new Promise((resolve) => content.once('open', resolve));
  await put(store, 'b/k', 'second');
  expect(await text(content)).toBe('first');
  expect(await get(store, 'b/k')).toBe('second');
});
