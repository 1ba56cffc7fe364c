/** Of this many batches, one is led by the oldest request. */
export const OLDEST_EVERY = 4;
/**
 * Padding that a batch may hold: this part of its tokens, or a few tokens where that is less than starting one more batch
 * costs. Up to 10 tokens are worth it; with 6, padding stays under 3 % of short documents too, and the batches it adds cost as
 * much as it spares.
 */
const PADDING_SHARE = 0.02;
const PADDING_TOKENS = 6;

/**
 * Part of the budget up to which a batch led by the smallest request takes pairs of others. A batch is as fast per token
 * from about 128 tokens on, so more of them would hold up that request and gain nothing.
 */
const COMPANY_SHARE = 0.25;

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
}

/**
 * Packs waiting pairs of all requests into batches of nearly equal lengths.
 *
 * Order of service: every batch has a leader, and the rest of it is filled with the waiting pairs nearest in length,
 * oldest first, as far as the token budget and the padding limit go; where the smallest request leads, with its own pairs
 * to the budget and with others only to a quarter of it. The leader is the longest waiting pair of one
 * request: in three batches of four the request with the fewest tokens left (short requests do not wait for long ones),
 * in the fourth the oldest. So a pair is scored after at most 4 x n batches, where n counts the pairs that waited when
 * its request came, and those of its own request: nothing that comes later can hold it back further.
 */
export class Planner<R> {
  /** In order of arrival. */
  private readonly entries = new Map<R, Entry<R>>();
  private readonly byLength: (Set<Item<R>> | undefined)[] = [];
  private turn = 0;
  private tokens = 0;

  /**
   * @param budget padded tokens a batch may hold; a pair longer than that is a batch of its own.
   * @param limit what else bounds a batch.
   */
  constructor(
    private readonly budget: number,
    private readonly limit: BatchLimit = () => true,
  ) {}

  /** Tokens of all waiting pairs. */
  get waitingTokens(): number {
    return this.tokens;
  }

  /** Adds a request's pairs by their lengths in tokens. A request is added once. */
  add(request: R, lengths: Uint32Array): void {
    const entry: Entry<R> = { items: [], cursor: 0, tokensLeft: 0 };
    lengths.forEach((length, position) => {
      const item: Item<R> = { request, position, length, entry, taken: false };
      entry.items.push(item);
      entry.tokensLeft += length;
      (this.byLength[length] ??= new Set()).add(item);
    });
    if (entry.items.length === 0) return;
    entry.items.sort((a, b) => b.length - a.length || a.position - b.position);
    this.entries.set(request, entry);
    this.tokens += entry.tokensLeft;
  }

  /** Forgets the pairs of a request that still wait. */
  remove(request: R): void {
    const entry = this.entries.get(request);
    if (entry === undefined) return;
    for (const item of entry.items) if (!item.taken) this.byLength[item.length]!.delete(item);
    this.tokens -= entry.tokensLeft;
    this.entries.delete(request);
  }

  /** The next batch, of at least one pair; undefined when nothing waits. */
  next(): PlanItem<R>[] | undefined {
    this.turn += 1;
    const oldestLeads = this.turn % OLDEST_EVERY === 0;
    const leader = this.leader(oldestLeads);
    if (leader === undefined) return undefined;
    const batch = [this.take(leader)];
    let longest = leader.length;
    let real = leader.length;
    const fits = (length: number, budget = this.budget): boolean => {
      const rows = batch.length + 1;
      const width = Math.max(longest, length);
      const padded = rows * width;
      const padding = padded - real - length;
      return (
        padded <= budget &&
        padding <= Math.max(PADDING_TOKENS, padded * PADDING_SHARE) &&
        this.limit(rows, width)
      );
    };
    const add = (item: Item<R>): void => {
      batch.push(this.take(item));
      longest = Math.max(longest, item.length);
      real += item.length;
    };
    if (!oldestLeads) {
      // Its own come first, longest first as they stand: every one after the leader is no longer than it.
      const { items, cursor } = leader.entry;
      for (let i = cursor + 1; i < items.length && fits(items[i]!.length); i += 1) {
        if (!items[i]!.taken) add(items[i]!);
      }
    }
    const budget = oldestLeads ? this.budget : this.budget * COMPANY_SHARE;
    const fill = (length: number): boolean => {
      for (const item of this.byLength[length] ?? []) {
        if (!fits(length, budget)) return false;
        add(item);
      }
      return true;
    };
    // A length that does not fit rules out all lengths beyond it on the same side.
    for (let length = leader.length; length > 0 && fits(length, budget) && fill(length);) length -= 1;
    const most = this.byLength.length;
    for (let length = leader.length + 1; length < most && fits(length, budget) && fill(length);) length += 1;
    return batch;
  }

  private leader(oldestLeads: boolean): Item<R> | undefined {
    let chosen: Entry<R> | undefined;
    for (const entry of this.entries.values()) {
      if (chosen === undefined || entry.tokensLeft < chosen.tokensLeft) chosen = entry;
      if (oldestLeads) break;
    }
    if (chosen === undefined) return undefined;
    while (chosen.items[chosen.cursor]!.taken) chosen.cursor += 1;
    return chosen.items[chosen.cursor];
  }

  private take(item: Item<R>): Item<R> {
    item.taken = true;
    this.byLength[item.length]!.delete(item);
    this.tokens -= item.length;
    item.entry.tokensLeft -= item.length;
    if (item.entry.tokensLeft === 0) this.entries.delete(item.request);
    return item;
  }
}
