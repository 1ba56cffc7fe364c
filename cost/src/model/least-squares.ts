/**
 * Least squares with no negative unknown: of all subsets of the unknowns, solved by the normal equations, the one with the least
 * sum of squares among those whose solution is not negative. Exact, and cheap for the handful of unknowns it is made for.
 * @param rows coefficients of each equation
 * @param right their right-hand sides
 */
export function leastSquares(rows: readonly (readonly number[])[], right: readonly number[]): number[] {
  const unknowns = rows[0]?.length ?? 0;
  let best = Array.from({ length: unknowns }, () => 0);
  let least = squares(rows, right, best);
  for (let subset = 1; subset < 2 ** unknowns; subset += 1) {
    const columns = [...best.keys()].filter((i) => (subset >> i) % 2 === 1);
    const solved = solve(
      columns.map((i) => columns.map((j) => sum(rows, (row) => row[i]! * row[j]!))),
      columns.map((i) => sum(rows, (row, n) => row[i]! * right[n]!)),
    );
    if (!solved?.every((value) => value >= 0)) continue;
    const candidate = best.map((_, i) => solved[columns.indexOf(i)] ?? 0);
    const error = squares(rows, right, candidate);
    if (error < least) [best, least] = [candidate, error];
  }
  return best;
}

function squares(
  rows: readonly (readonly number[])[],
  right: readonly number[],
  x: readonly number[],
): number {
  return sum(rows, (row, n) => (row.reduce((all, value, i) => all + value * x[i]!, 0) - right[n]!) ** 2);
}

function sum<T>(items: readonly T[], of: (item: T, index: number) => number): number {
  return items.reduce((all, item, i) => all + of(item, i), 0);
}

/** Gaussian elimination with pivoting; undefined where the matrix is singular. */
function solve(matrix: number[][], right: number[]): number[] | undefined {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let column = 0; column < n; column += 1) {
    let pivot = column;
    for (let i = column + 1; i < n; i += 1)
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const head = rows[column]!;
    if (Math.abs(head[column]!) < 1e-12 * Math.abs(matrix[0]![0]!) || head[column] === 0) return undefined;
    for (const row of rows) {
      if (row === head) continue;
      const factor = row[column]! / head[column]!;
      for (let j = column; j <= n; j += 1) row[j]! -= factor * head[j]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}
