/** Settings that cannot be deployed. The message names every fault at once; `faults` holds them one by one. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(
    /** What the settings belong to, for example a construct's path or `cdk.json context`. */
    readonly subject: string,
    readonly faults: readonly string[],
  ) {
    super(
      `${subject}: ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

/** Collects faults, so that one message can name them all. */
export class Faults {
  readonly #found: string[] = [];

  add(fault: string): void {
    this.#found.push(fault);
  }

  /** Adds the fault when the condition does not hold. */
  require(condition: boolean, fault: string): void {
    if (!condition) this.#found.push(fault);
  }

  /** Requires a whole number within bounds, both included; `undefined` passes. */
  integer(name: string, value: number | undefined, least: number, most: number): void {
    if (value === undefined) return;
    this.require(
      Number.isInteger(value) && value >= least && value <= most,
      `${name} is ${value}; it must be a whole number from ${least} to ${most}`,
    );
  }

  /** Runs a check that throws ConfigurationError and keeps its faults. */
  collect<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.#found.push(...error.faults);
      return undefined;
    }
  }

  /** @throws ConfigurationError when there is any fault. */
  throwIfAny(subject: string): void {
    if (this.#found.length > 0) throw new ConfigurationError(subject, this.#found);
  }
}
