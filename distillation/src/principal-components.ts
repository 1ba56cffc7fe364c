/** A direction of length 1, and the rows' sum of squares along it. */
interface PrincipalAxis {
  readonly axis: Float64Array;
  readonly squares: number;
}

/** The first `count` principal axes of centred rows; where the rows are narrower, those past their width are 0. */
export function principalAxes(rows: readonly Float32Array[], count: number): PrincipalAxis[] {
  const width = rows[0]?.length ?? 0;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows) {
    for (let i = 0; i < width; i++) {
      const [line, value] = [covariance[i]!, row[i]!];
      for (let j = i; j < width; j++) line[j]! += value * row[j]!;
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) covariance[i]![j] = covariance[j]![i]!;
  const axes = eigenvectors(covariance);
  return Array.from({ length: count }, (_, k) => axes[k] ?? { axis: new Float64Array(width), squares: 0 });
}

/**
 * Eigenvectors of a symmetric matrix with their eigenvalues, the largest first, by cyclic Jacobi rotations (Golub and Van Loan, Matrix
 * Computations, 8.5). The matrix is overwritten.
 */
function eigenvectors(a: Float64Array[]): PrincipalAxis[] {
  const n = a.length;
  const vectors = Array.from({ length: n }, (_, i) => {
    const row = new Float64Array(n);
    row[i] = 1;
    return row;
  });
  const norm = a.reduce((sum, row) => row.reduce((total, value) => total + value * value, sum), 0);
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p]![q]! ** 2;
    if (off <= 1e-18 * norm) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return order.map((i) => ({ axis: vectors[i]!, squares: a[i]![i]! }));
}

/** Makes a[p][q] zero; rows of `vectors` are turned alike. */
function rotate(a: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const [rowP, rowQ] = [a[p]!, a[q]!];
  if (Math.abs(rowP[q]!) < 1e-300) return;
  const theta = (rowQ[q]! - rowP[p]!) / (2 * rowP[q]!);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [rowP[k]!, rowQ[k]!];
    rowP[k] = c * x - s * y;
    rowQ[k] = s * x + c * y;
  }
  for (const row of a) {
    const [x, y] = [row[p]!, row[q]!];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  const [v, w] = [vectors[p]!, vectors[q]!];
  for (let k = 0; k < v.length; k++) {
    const [x, y] = [v[k]!, w[k]!];
    v[k] = c * x - s * y;
    w[k] = s * x + c * y;
  }
}
