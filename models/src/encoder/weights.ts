import type { Architecture } from '../registry.js';

/** Gives the values of a weight by its published name, row-major; linear weights are [out, in]. */
export type WeightReader = (name: string) => Float32Array;

/** Names of what every encoder layer has; each is a prefix of `.weight` and `.bias`. */
export interface LayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly mlpOutput: string;
  readonly mlpNorm: string;
}

/** Names of what stands before and after the layers. */
export interface EncoderNames {
  /** The two tables by their full names, the others as prefixes. */
  readonly words: string;
  readonly types: string;
  readonly embeddingNorm: string;
  readonly pooler: string;
  readonly classifier: string;
}

/** Shapes of weights by their published names, collected in the order in which a forward pass reads them. */
export class Shapes {
  readonly all = new Map<string, number[]>();

  constructor(private readonly a: Architecture) {}

  table(name: string, rows: number): void {
    this.all.set(name, [rows, this.a.hidden]);
  }

  linear(name: string, out: number, input: number): void {
    this.all.set(`${name}.weight`, [out, input]);
    this.all.set(`${name}.bias`, [out]);
  }

  norm(name: string): void {
    this.all.set(`${name}.weight`, [this.a.hidden]);
    this.all.set(`${name}.bias`, [this.a.hidden]);
  }

  attention(layer: LayerNames): void {
    const { hidden } = this.a;
    for (const name of [layer.query, layer.key, layer.value, layer.attentionOutput]) {
      this.linear(name, hidden, hidden);
    }
    this.norm(layer.attentionNorm);
  }

  head(names: EncoderNames): void {
    this.linear(names.pooler, this.a.hidden, this.a.hidden);
    this.linear(names.classifier, 1, this.a.hidden);
  }
}
