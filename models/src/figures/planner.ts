/**
 * A request is due when this many tokens have been served since it came, for each of its own: one for each `REACH_TOKENS` that
 * it has. So requests of a few batches are served nearly in the order they come, and many times larger ones give way to them.
 */
const REACH_TOKENS = 512;
/** And at most this many for each of its own: newer requests overtake a large one no longer than that. */
export const LONGEST_REACH = 16;
/**
 * Padding that a batch may hold: this part of its tokens, or a few tokens where that is less than starting one more batch
 * costs. Up to 10 tokens are worth it; with 6, padding stays under 3 % of short documents too, and the batches it adds cost as
 * much as it spares.
 */
const PADDING_SHARE = 0.02;
const PADDING_TOKENS = 6;

/**
 * Part of the budget up to which a batch takes pairs of other requests than its leader. A batch is as fast per token
 * from about 128 tokens on, so more of them would hold up that request and gain nothing.
 */
const COMPANY_SHARE = 0.25;

/** A smaller batch is slower per token, so that sharing it among idle processes gains little. */
const LEAST_SHARE_TOKENS = 128;

/** Whether a batch of so many rows, padded to so many tokens each, may be run; a single row always may. */
export type BatchLimit = (rows: number, width: number) => boolean;

/** One pair that waits to be scored. */
export interface PlanItem<R> {
  readonly request: R;
  /** Position among the lengths the request was added with. */
  readonly position: number;
  /** Tokens of the pair. */
  readonly length: number;
}

interface Item<R> extends PlanItem<R> {
  readonly entry: Entry<R>;
  taken: boolean;
}

interface Entry<R> {
  /** Longest first. */
  readonly items: Item<R>[];
  /** Everything before it is taken. */
  cursor: number;
  tokensLeft: number;
  /** Tokens that are served since the start when it should have its turn. */
  due: number;
}

/**
 * Packs waiting pairs of all requests into batches of nearly equal lengths.
 *
 * Order of service: every batch has a leader, the longest waiting pair of the request that is due first, and is filled
 * with that request's own pairs to the budget, then to a quarter of it with the waiting pairs nearest in length, oldest first,
 * as far as the padding limit goes. A request is due by what it holds: one of T tokens that comes when S tokens have been
 * served is due at S + T x min(T / 512, 16). So it waits for those of its size that came before it, not for one many times
 * larger; and once 16 tokens have been served for each of its own, nothing that comes later is served before it.
 */
export class Planner<R> {
  /** In order of arrival. */
  readonly #entries = new Map<R, Entry<R>>();
  readonly #byLength = new Map<number, Set<Item<R>>>();
  #longest = 0;
  #tokens = 0;
  #served = 0;
  readonly #budget: number;
  readonly #limit: BatchLimit;

  /**
   * @param budget padded tokens a batch may hold; a pair longer than that is a batch of its own.
   * @param limit what else bounds a batch.
   */
  constructor(budget: number, limit: BatchLimit = () => true) {
    this.#budget = budget;
    this.#limit = limit;
  }

  /** Tokens of all waiting pairs. */
  get waitingTokens(): number {
    return this.#tokens;
  }

  /** Adds a request's pairs by their lengths in tokens. A request is added once. */
  add(request: R, lengths: Uint32Array): void {
    const entry: Entry<R> = { items: [], cursor: 0, tokensLeft: 0, due: 0 };
    lengths.forEach((length, position) => {
      const item: Item<R> = { request, position, length, entry, taken: false };
      entry.items.push(item);
      entry.tokensLeft += length;
      const same = this.#byLength.get(length) ?? new Set();
      if (same.size === 0) this.#byLength.set(length, same);
      same.add(item);
      if (length > this.#longest) this.#longest = length;
    });
    if (entry.items.length === 0) return;
    const { tokensLeft } = entry;
    entry.due = this.#served + tokensLeft * Math.min(tokensLeft / REACH_TOKENS, LONGEST_REACH);
    entry.items.sort((a, b) => b.length - a.length || a.position - b.position);
    this.#entries.set(request, entry);
    this.#tokens += entry.tokensLeft;
  }

  /** Forgets the pairs of a request that still wait. */
  remove(request: R): void {
    const entry = this.#entries.get(request);
    if (entry === undefined) return;
    for (const item of entry.items) if (!item.taken) this.#byLength.get(item.length)!.delete(item);
    this.#tokens -= entry.tokensLeft;
    this.#entries.delete(request);
  }

  /**
   * The next batch, of at least one pair; undefined when nothing waits.
   * @param idle inference processes that have nothing to do: they share what waits, so that a small request uses all of them.
   */
  next(idle = 0): PlanItem<R>[] | undefined {
    const budget = Math.min(this.#budget, Math.max(LEAST_SHARE_TOKENS, Math.ceil(this.#tokens / idle)));
    const leader = this.#leader();
    if (leader === undefined) return undefined;
    const batch = [this.#take(leader)];
    let longest = leader.length;
    let real = leader.length;
    const fits = (length: number, most = budget): boolean => {
      const rows = batch.length + 1;
      const width = Math.max(longest, length);
      const padded = rows * width;
      const padding = padded - real - length;
      return (
        padded <= most &&
        padding <= Math.max(PADDING_TOKENS, padded * PADDING_SHARE) &&
        this.#limit(rows, width)
      );
    };
    const add = (item: Item<R>): void => {
      batch.push(this.#take(item));
      longest = Math.max(longest, item.length);
      real += item.length;
    };
    // Its own come first, longest first as they stand: every one after the leader is no longer than it.
    const { items, cursor } = leader.entry;
    for (let i = cursor + 1; i < items.length && fits(items[i]!.length); i += 1) {
      if (!items[i]!.taken) add(items[i]!);
    }
    const company = Math.min(budget, this.#budget * COMPANY_SHARE);
    const fill = (length: number): boolean => {
      for (const item of this.#byLength.get(length) ?? []) {
        if (!fits(length, company)) return false;
        add(item);
      }
      return true;
    };
    // A length that does not fit rules out all lengths beyond it on the same side.
    for (let length = leader.length; length > 0 && fits(length, company) && fill(length);) length -= 1;
    const { length: own } = leader;
    for (let length = own + 1; length <= this.#longest && fits(length, company) && fill(length);) length += 1;
    return batch;
  }

  #leader(): Item<R> | undefined {
    let chosen: Entry<R> | undefined;
    for (const entry of this.#entries.values()) {
      if (chosen === undefined || entry.due < chosen.due) chosen = entry;
    }
    if (chosen === undefined) return undefined;
    while (chosen.items[chosen.cursor]!.taken) chosen.cursor += 1;
    return chosen.items[chosen.cursor];
  }

  #take(item: Item<R>): Item<R> {
    item.taken = true;
    this.#byLength.get(item.length)!.delete(item);
    this.#tokens -= item.length;
    this.#served += item.length;
    item.entry.tokensLeft -= item.length;
    if (item.entry.tokensLeft === 0) this.#entries.delete(item.request);
    return item;
  }
}
