/** Median of at least one number: the middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('a median needs at least one value');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

type Contestants<Name extends string> = Readonly<Record<Name, () => Promise<unknown>>>;

/**
 * Times every contestant `rounds` times, in turns, so that a slow minute of the machine falls on all of them.
 *
 * @param rounds timed rounds, at least 5; one more round goes before them, untimed
 * @returns per contestant the milliseconds of each round, in the order of the rounds
 */
export async function sideBySide<Name extends string>(
  contestants: Contestants<Name>,
  rounds = 7,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      await contestants[name]();
      if (round >= 0) times[name].push(performance.now() - started);
    }
  }
  return times;
}

/** Median over the rounds of `a` ÷ `b` taken within one round, so that drift between rounds cancels. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  return median(a.map((value, round) => value / b[round]!));
}
