/**
 * Seeded uniform numbers, the same on every machine: xoshiro128** seeded by splitmix32.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators" (arXiv 1805.01407).
 */
export class Random {
  readonly #state = new Uint32Array(4);

  constructor(seed: number) {
    let x = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.#state[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** Uniform over the 2^32 unsigned integers. */
  uint32(): number {
    const s = this.#state;
    const scrambled = Math.imul(s[1]!, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1). */
  next(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform over the integers 0 .. limit - 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** `length` numbers, uniform with mean `mean` and standard deviation `deviation`. */
  array(length: number, deviation: number, mean = 0): Float32Array {
    const half = Math.sqrt(3) * deviation;
    const out = new Float32Array(length);
    for (let i = 0; i < length; i++) out[i] = mean + (2 * this.next() - 1) * half;
    return out;
  }
}
