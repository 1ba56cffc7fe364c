/** A comparison or measurement that cannot be made. The message names what was given and what is allowed. */
export class CostError extends Error {
  override readonly name = 'CostError';
}
