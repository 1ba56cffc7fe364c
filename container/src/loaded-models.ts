import { readFile } from 'node:fs/promises';
import { ModelError, modelFileBytes, readModelDirectory } from '@sagemaker-reranker/models';
import { createEngine, planMemory, type Engine } from './engine/index.js';
import { RequestError } from './errors.js';
import type { Logger } from './log.js';
import type { Settings } from './settings.js';

const PAGE_BYTES = 4_096;

export interface LoadedModel {
  readonly name: string;
  /** Directory it was loaded from, as SageMaker named it. */
  readonly url: string;
}

interface Entry extends LoadedModel {
  /** What its inference processes hold, estimated until they have loaded and measured then, and what their batches may. */
  bytes: number;
  /** Absent while it loads. */
  engine?: Engine;
  /** Requests that hold it. */
  leases: number;
  released?: () => void;
}

/** The models of a multi-model endpoint: loaded, called and unloaded by name, within a budget of memory. */
export class LoadedModels {
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  #closing = false;

  constructor(settings: Settings, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
  }

  /** Loaded models, in the order they were loaded. */
  list(): LoadedModel[] {
    return [...this.#entries.values()].filter(({ engine }) => engine !== undefined).map(described);
  }

  /** Engines of the loaded models. */
  engines(): Engine[] {
    return [...this.#entries.values()].flatMap(({ engine }) => engine ?? []);
  }

  /** @throws RequestError `model_not_found`. */
  describe(name: string): LoadedModel {
    return described(this.#find(name));
  }

  /**
   * Loads a model directory under a name.
   * @throws RequestError `model_exists`, `insufficient_memory`, `model_unusable`, `draining`.
   */
  async load(name: string, url: string): Promise<void> {
    if (this.#closing) throw new RequestError('draining', 'the container is shutting down');
    if (this.#entries.has(name)) {
      throw new RequestError('model_exists', 'a model of this name is loaded already', { model: name });
    }
    const entry: Entry = { name, url, bytes: 0, leases: 0 };
    // Held from here on, so that a second load of the same name, or of too much, is refused at once.
    this.#entries.set(name, entry);
    try {
      const { loaded, batches } = await this.#estimate(url);
      this.#reserve(entry, loaded + batches);
      const engine = await createEngine({ ...this.#settings, modelDir: url }, this.#logger);
      const resident = await residentBytes(engine.pids);
      entry.bytes = (resident ?? loaded) + batches;
      if (this.#closing) {
        await engine.close();
        throw new RequestError('draining', 'the container is shutting down');
      }
      entry.engine = engine;
      this.#logger.info({ model: name, residentBytes: resident, batchBytes: batches }, 'model loaded');
    } catch (error) {
      this.#entries.delete(name);
      if (!(error instanceof ModelError)) throw error;
      throw new RequestError('model_unusable', error.message, { reason: error.code }, { cause: error });
    }
  }

  /**
   * The engine of a model, held until `release` is called; unloading waits for that.
   * @throws RequestError `model_not_found`.
   */
  lease(name: string): { engine: Engine; release: () => void } {
    const entry = this.#find(name);
    entry.leases += 1;
    return {
      engine: entry.engine!,
      release: () => {
        entry.leases -= 1;
        if (entry.leases === 0) entry.released?.();
      },
    };
  }

  /**
   * Takes a model off the list at once, and resolves when the requests that held it are answered and its memory is free.
   * @throws RequestError `model_not_found`.
   */
  async unload(name: string): Promise<void> {
    const entry = this.#find(name);
    this.#entries.delete(name);
    if (entry.leases > 0) await new Promise<void>((resolve) => (entry.released = resolve));
    await entry.engine!.close();
    this.#logger.info({ model: name }, 'model unloaded');
  }

  /** Ends all engines; a model that still loads is ended as soon as it has. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all([...this.#entries.values()].map(async ({ engine }) => engine?.close()));
  }

  #find(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry?.engine === undefined) {
      throw new RequestError('model_not_found', 'no model of this name is loaded', { model: name });
    }
    return entry;
  }

  /** Bytes that a model's inference processes hold once loaded, and those that their largest batches add. */
  async #estimate(url: string): Promise<{ loaded: number; batches: number }> {
    const { workers } = this.#settings;
    const description = await readModelDirectory(url);
    const { loaded, largestBatch } = planMemory(
      description,
      modelFileBytes(url, description),
      this.#settings,
    );
    return { loaded: workers * loaded, batches: workers * largestBatch };
  }

  #reserve(entry: Entry, bytes: number): void {
    const limit = this.#settings.modelMemoryBytes;
    const used = [...this.#entries.values()].reduce((sum, each) => sum + each.bytes, 0);
    if (used + bytes > limit) {
      throw new RequestError(
        'insufficient_memory',
        `loaded models hold ${used} of ${limit} bytes; this one needs about ${bytes}`,
        { used, limit, needed: bytes },
      );
    }
    entry.bytes = bytes;
  }
}

function described({ name, url }: Entry): LoadedModel {
  return { name, url };
}

/** Memory that processes hold now; undefined where the system does not tell (proc(5), statm). */
async function residentBytes(pids: readonly number[]): Promise<number | undefined> {
  try {
    const pages = await Promise.all(
      pids.map(async (pid) => Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1])),
    );
    return pages.reduce((sum, each) => sum + each, 0) * PAGE_BYTES;
  } catch {
    return undefined;
  }
}
