/** The names nearest to `given`, best first: those within a third of its length in edits, or that contain it. */
export function nearMatches(given: string, names: readonly string[], most = 5): string[] {
  const wanted = given.toLowerCase();
  const limit = Math.max(2, Math.ceil(wanted.length / 3));
  return names
    .map((name) => ({
      name,
      distance: wanted.length > 2 && name.includes(wanted) ? 0.5 : editDistance(wanted, name),
    }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

/** `; did you mean a, b or c?`, or nothing when no name is near. */
export function didYouMean(given: string, names: readonly string[]): string {
  const near = nearMatches(given, names);
  const last = near.pop();
  if (last === undefined) return '';
  return `; did you mean ${near.length > 0 ? `${near.join(', ')} or ${last}` : last}?`;
}

/** Insertions, deletions and substitutions that turn `a` into `b` (Wagner and Fischer 1974). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(previous[j]! + 1, row[j - 1]! + 1, substituted));
    }
    previous = row;
  }
  return previous[b.length]!;
}
